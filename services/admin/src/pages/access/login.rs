use askama::Template;
use auth_token::CallError;
use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use contracts::internal::users::{
    StaffLoginRequest, StaffSecondFactorRequest, StaffSession, StaffSignIn,
};
use primitives::{EmailAddress, UserId};
use serde::Deserialize;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Form, Query};
use crate::pages::act::note;
use crate::session::{SESSION, cookie, read_cookie, same};
use crate::store::audit::Actor;

/// The cookie that must match the form's token before there is a session.
const LOGIN: &str = "mercato_admin_login";

#[derive(Template)]
#[template(path = "access/login.html")]
struct Page<'a> {
    error: Option<&'a str>,
    csrf: &'a str,
    next: &'a str,
    email: &'a str,
}

#[derive(Template)]
#[template(path = "access/code.html")]
struct CodePage<'a> {
    error: Option<&'a str>,
    csrf: &'a str,
    next: &'a str,
    email: &'a str,
    mfa_token: &'a str,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    next: String,
    email: String,
    password: String,
}

/// The second step. The address is only for the audit log of a failed try.
#[derive(Deserialize)]
pub(super) struct SecondStep {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    email: String,
    mfa_token: String,
    code: String,
}

pub(super) async fn page(
    State(app): State<AppState>,
    Query(query): Query<Next>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<Response> {
    show(&app, &headers, jar, None, &query.next, "")
}

/// The form; with an error after a failed try.
fn show(
    app: &AppState,
    headers: &HeaderMap,
    jar: CookieJar,
    error: Option<&str>,
    next: &str,
    email: &str,
) -> Result<Response> {
    // The same token for all tabs.
    let csrf = read_cookie(headers, LOGIN).unwrap_or_else(|| app.sessions.new_token());
    let html = Page {
        error,
        csrf: &csrf,
        next,
        email,
    }
    .render()?;
    let status = if error.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    Ok((status, jar.add(cookie(headers, LOGIN, csrf)), Html(html)).into_response())
}

/// Refuses a form that did not come from our page.
fn check(headers: &HeaderMap, csrf: &str) -> Result<()> {
    if read_cookie(headers, LOGIN).is_some_and(|token| same(&token, csrf)) {
        Ok(())
    } else {
        Err(PageError::forged().back_to("/admin/login"))
    }
}

pub(super) async fn submit(
    State(app): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(form): Form<Credentials>,
) -> Result<Response> {
    check(&headers, &form.csrf)?;
    let request = StaffLoginRequest {
        email: form.email.clone(),
        password: form.password,
        user_agent: user_agent(&headers),
    };
    let done = app
        .auth
        .post::<_, StaffSignIn>("/internal/staff/login", None, None, &request)
        .await;
    let (action, user) = match &done {
        Ok(StaffSignIn::SignedIn(session)) => ("sign_in", Some(session.user.id)),
        Ok(StaffSignIn::SecondFactor { .. }) => ("sign_in.password", None),
        Err(_) => ("sign_in", None),
    };
    note_try(&app, user, &form.email, action, &done).await?;
    match done {
        Ok(StaffSignIn::SignedIn(session)) => begin(&app, &headers, jar, session, &form.next).await,
        Ok(StaffSignIn::SecondFactor { mfa_token, .. }) => {
            let page = CodePage {
                error: None,
                csrf: &form.csrf,
                next: &form.next,
                email: &form.email,
                mfa_token: &mfa_token,
            };
            Ok(Html(page.render()?).into_response())
        }
        Err(CallError::Problem { .. }) => {
            let sorry = "That e-mail and password do not belong to a member of staff.";
            show(&app, &headers, jar, Some(sorry), &form.next, &form.email)
        }
        Err(error) => Err(PageError::from(error).back_to("/admin/login")),
    }
}

pub(super) async fn second_step(
    State(app): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(form): Form<SecondStep>,
) -> Result<Response> {
    check(&headers, &form.csrf)?;
    let request = StaffSecondFactorRequest {
        mfa_token: form.mfa_token.clone(),
        code: form.code,
        user_agent: user_agent(&headers),
    };
    let done = app
        .auth
        .post::<_, StaffSession>("/internal/staff/second-factor", None, None, &request)
        .await;
    let user: Option<UserId> = done.as_ref().ok().map(|session| session.user.id);
    note_try(&app, user, &form.email, "sign_in", &done).await?;
    match done {
        Ok(session) => begin(&app, &headers, jar, session, &form.next).await,
        Err(CallError::Problem { code, .. }) if code == "invalid_credentials" => {
            let page = CodePage {
                error: Some("The code is wrong, or was used before. Wait for the next one."),
                csrf: &form.csrf,
                next: &form.next,
                email: &form.email,
                mfa_token: &form.mfa_token,
            };
            Ok((StatusCode::UNAUTHORIZED, Html(page.render()?)).into_response())
        }
        Err(CallError::Problem { .. }) => {
            let sorry = "That took too long or went wrong too often. Please sign in again.";
            show(&app, &headers, jar, Some(sorry), &form.next, &form.email)
        }
        Err(error) => Err(PageError::from(error).back_to("/admin/login")),
    }
}

/// Who signed in goes where they wanted.
async fn begin(
    app: &AppState,
    headers: &HeaderMap,
    jar: CookieJar,
    session: StaffSession,
    next: &str,
) -> Result<Response> {
    let token = app.sessions.start(session).await?;
    let jar = jar
        .remove(cookie(headers, LOGIN, String::new()))
        .add(cookie(headers, SESSION, token));
    Ok((jar, Redirect::to(local(next))).into_response())
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(256).collect())
}

/// Notes a try in the audit log, whoever it was if that is known.
async fn note_try<T>(
    app: &AppState,
    user: Option<UserId>,
    email: &str,
    action: &str,
    done: &std::result::Result<T, CallError>,
) -> Result<()> {
    let email = typed(email);
    let actor = Actor {
        id: user,
        email: &email,
    };
    note(app, actor, action, done).await
}

/// What was typed as an address, for the audit log. What is no e-mail address is not noted: it may be a password.
fn typed(email: &str) -> String {
    let email = email.parse::<EmailAddress>();
    email.map_or_else(|_| String::new(), |email| email.as_str().to_owned())
}

/// Where to go after the sign-in: only to a page of the panel, never to another site.
fn local(next: &str) -> &str {
    let inside = next == "/admin" || next.starts_with("/admin/") || next.starts_with("/admin?");
    if inside && !next.contains(|c: char| c == '\\' || c.is_control()) {
        next
    } else {
        "/admin"
    }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_sign_in_leads_only_into_the_panel() {
        assert_eq!(
            local("/admin/orders?status=pending"),
            "/admin/orders?status=pending"
        );
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/administrator",
            "/admin/\\evil.example",
            "/admin/\r\nset-cookie: a=b",
            "/other",
        ] {
            assert_eq!(local(elsewhere), "/admin", "{elsewhere}");
        }
    }
}
