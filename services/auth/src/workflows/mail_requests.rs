//! What somebody who is not signed in asks to be mailed. The request is written down and answered at once; whether there is
//! such an account is looked up afterwards, so that neither the answer nor its time can tell.

use std::time::Duration;

use auth_token::Acting;
use contracts::events::Mail;
use http_kit::{Error, Result};
use primitives::{EmailAddress, UserId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::token::{OpaqueToken, RESET_LIFETIME};
use crate::domain::user::User;
use crate::store::mail_requests::{self, MailRequest};
use crate::store::one_time_tokens::{self, Purpose};
use crate::store::{claims, users};
use crate::workflows::recovery::mail;
use crate::workflows::register::mail_the_address;

/// Within which staff send a link once.
const A_MOMENT: Duration = Duration::from_secs(60);

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
    let purpose = settled(tx, &user, request.purpose).await?;
    if purpose == Purpose::VerifyEmail && user.email_verified_at.is_some() {
        return Ok(());
    }
    send(state, tx, user, purpose).await
}

/// What the link must be for.
async fn settled(tx: &mut PgConnection, user: &User, asked: Purpose) -> Result<Purpose> {
    // Which of several accounts is the asker's is not known, and verifying another's would give it their address. With a
    // new password it is theirs alone, whoever opened it.
    if asked == Purpose::VerifyEmail && claims::is_disputed(tx, &user.email).await? {
        return Ok(Purpose::ResetPassword);
    }
    Ok(asked)
}

/// Mails somebody the link they need.
async fn send(state: &AppState, tx: &mut PgConnection, user: User, purpose: Purpose) -> Result<()> {
    match purpose {
        Purpose::ResetPassword => send_reset(state, tx, user).await,
        Purpose::VerifyEmail => mail_the_address(state, tx, &user).await,
    }
}

/// Mails somebody a link in the name of a staff member. One that was sent a moment ago is on its way still: another would only
/// make them wonder which to take.
pub(crate) async fn send_by_staff(
    state: &AppState,
    staff: &Acting,
    id: UserId,
    asked: Purpose,
) -> Result<()> {
    let user = users::find(&mut *state.pool.acquire().await?, id).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    state.limits.mail(&user.email, None).await?;
    let mut tx = state.pool.begin().await?;
    let user = users::lock(&mut tx, id).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    if user.disabled_at.is_some() {
        return Err(Error::conflict(
            "account_disabled",
            "The account is disabled: no link opens it.",
        ));
    }
    if asked == Purpose::VerifyEmail && user.email_verified_at.is_some() {
        return Err(Error::conflict(
            "already_verified",
            "The address is verified already.",
        ));
    }
    let purpose = settled(&mut tx, &user, asked).await?;
    let moment = state.clock.now() - A_MOMENT;
    if one_time_tokens::sent_since(&mut tx, id, purpose, moment).await? {
        return Ok(());
    }
    send(state, &mut tx, user, purpose).await?;
    let after = json!({ "link": purpose.as_str() });
    let act = staff.did("user.send_link", format!("user:{id}"), json!({}), after);
    state.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(())
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
