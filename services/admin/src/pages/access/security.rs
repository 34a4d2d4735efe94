//! How a member of staff signs in: the second factor.

use askama::Template;
use auth_token::CallError;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use contracts::internal::users::{
    StaffFactors, StaffRecoveryCodes, StaffSessionRequest, StaffTotp, StaffTotpCode,
};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Query, StaffForm};
use crate::pages::act::note;
use crate::pages::shell::Shell;
use crate::session::{SECURITY, Session};

#[derive(Template)]
#[template(path = "access/security.html")]
struct Page {
    shell: Shell,
    factors: StaffFactors,
    factor_missing: bool,
}

/// What an authenticator app must learn.
#[derive(Template)]
#[template(path = "access/totp.html")]
struct TotpPage<'a> {
    shell: Shell,
    /// Absent when the code was wrong: the app has it already.
    totp: Option<&'a StaffTotp>,
    error: Option<&'static str>,
}

impl TotpPage<'_> {
    /// In groups of four, which are easier to type.
    fn secret(&self) -> String {
        let secret = self.totp.map_or("", |totp| totp.secret.as_str());
        let letters: Vec<char> = secret.chars().collect();
        let groups: Vec<String> = letters
            .chunks(4)
            .map(|group| group.iter().collect())
            .collect();
        groups.join(" ")
    }
}

#[derive(Template)]
#[template(path = "access/recovery_codes.html")]
struct CodesPage {
    shell: Shell,
    codes: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Confirm {
    code: String,
}

fn shell(session: &Session, done: Option<&str>) -> Shell {
    Shell::new(session, SECURITY, done)
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: Session,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let path = "/internal/staff/factors";
    let factors = app.auth.get(path, Some(&session.on_behalf_of())).await?;
    let page = Page {
        shell: shell(&session, params.done.as_deref()),
        factors,
        factor_missing: session.factor_missing,
    };
    Ok(Html(page.render()?))
}

/// Calls auth in the staff member's name; noted in the audit log without what was sent.
async fn change<Request: Serialize + Sync, Answer: DeserializeOwned>(
    app: &AppState,
    session: &Session,
    action: &str,
    path: &str,
    request: &Request,
) -> Result<std::result::Result<Answer, CallError>> {
    let obo = session.on_behalf_of();
    let done = app.auth.post(path, Some(&obo), None, request).await;
    note(app, session.actor(), action, &done).await?;
    Ok(done)
}

fn refused(error: CallError) -> PageError {
    PageError::from(error).back_to(SECURITY)
}

pub(super) async fn start_totp(
    State(app): State<AppState>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Html<String>> {
    let request = StaffSessionRequest {
        session_id: session.id,
    };
    let path = "/internal/staff/totp";
    let totp: StaffTotp = change(&app, &session, "totp.begin", path, &request)
        .await?
        .map_err(refused)?;
    let page = TotpPage {
        shell: shell(&session, None),
        totp: Some(&totp),
        error: None,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn confirm_totp(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Confirm>,
) -> Result<Response> {
    let request = StaffTotpCode {
        session_id: session.id,
        code: form.code,
    };
    let path = "/internal/staff/totp/confirm";
    let done = change(&app, &session, "totp.add", path, &request).await?;
    match done {
        Ok(StaffRecoveryCodes { recovery_codes }) if recovery_codes.is_empty() => {
            Ok(Redirect::to(&format!("{SECURITY}?done=totp")).into_response())
        }
        Ok(StaffRecoveryCodes { recovery_codes }) => {
            codes_page(&session, recovery_codes).map(IntoResponse::into_response)
        }
        Err(CallError::Problem { code, .. }) if code == "invalid_credentials" => {
            let page = TotpPage {
                shell: shell(&session, None),
                totp: None,
                error: Some(
                    "That is not the code that the app should show now. Is the phone's clock right?",
                ),
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
        }
        Err(error) => Err(refused(error)),
    }
}

fn codes_page(session: &Session, codes: Vec<String>) -> Result<Html<String>> {
    let page = CodesPage {
        shell: shell(session, None),
        codes,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn remove_totp(
    State(app): State<AppState>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    let request = StaffSessionRequest {
        session_id: session.id,
    };
    let path = "/internal/staff/totp/remove";
    let () = change(&app, &session, "totp.remove", path, &request)
        .await?
        .map_err(refused)?;
    Ok(Redirect::to(&format!("{SECURITY}?done=totp_removed")))
}

pub(super) async fn recovery_codes(
    State(app): State<AppState>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Html<String>> {
    let request = StaffSessionRequest {
        session_id: session.id,
    };
    let path = "/internal/staff/recovery-codes";
    let codes: StaffRecoveryCodes =
        change(&app, &session, "recovery_codes.replace", path, &request)
            .await?
            .map_err(refused)?;
    codes_page(&session, codes.recovery_codes)
}
