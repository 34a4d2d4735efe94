//! What somebody who is not signed in asks to be mailed. The request is written down and answered at once; whether there is
//! such an account is looked up afterwards, so that neither the answer nor its time can tell.

use contracts::events::Mail;
use http_kit::Result;
use primitives::EmailAddress;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::token::{OpaqueToken, RESET_LIFETIME};
use crate::domain::user::User;
use crate::store::mail_requests::{self, MailRequest};
use crate::store::one_time_tokens::{self, Purpose};
use crate::store::{claims, users};
use crate::workflows::recovery::mail;
use crate::workflows::register::mail_the_address;

/// Writes a request down.
pub(crate) async fn ask(state: &AppState, purpose: Purpose, email: &EmailAddress) -> Result<()> {
    let mut db = state.pool.acquire().await?;
    mail_requests::insert(&mut db, purpose, email, state.clock.now()).await?;
    state.asked.notify_one();
    Ok(())
}

/// Answers all requests that wait.
pub(crate) async fn answer_all(state: &AppState) -> anyhow::Result<()> {
    loop {
        let mut tx = state.pool.begin().await?;
        let Some(request) = mail_requests::take(&mut tx).await? else {
            return Ok(());
        };
        answer(state, &mut tx, &request).await?;
        tx.commit().await?;
    }
}

async fn answer(state: &AppState, tx: &mut PgConnection, request: &MailRequest) -> Result<()> {
    let user = users::find_by_email(tx, &request.email).await?;
    let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
        return Ok(());
    };
    match request.purpose {
        Purpose::ResetPassword => send_reset(state, tx, user).await,
        Purpose::VerifyEmail if user.email_verified_at.is_some() => Ok(()),
        // Which of several accounts is the asker's is not known, and verifying another's would give it their address. With a
        // new password it is theirs alone, whoever opened it.
        Purpose::VerifyEmail if claims::is_disputed(tx, &request.email).await? => {
            send_reset(state, tx, user).await
        }
        Purpose::VerifyEmail => mail_the_address(state, tx, &user).await,
    }
}

async fn send_reset(state: &AppState, tx: &mut PgConnection, user: User) -> Result<()> {
    let (token, now) = (OpaqueToken::new(&state.random), state.clock.now());
    one_time_tokens::insert(
        tx,
        &token.hash(),
        Purpose::ResetPassword,
        user.id,
        &user.email,
        now,
        now + RESET_LIFETIME,
    )
    .await?;
    let url = state.settings.link("reset-password", token.text());
    let name = user.name;
    mail(state, tx, &user.email, Mail::ResetPassword { name, url }).await
}
