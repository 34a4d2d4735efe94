use askama::Template;
use auth_token::CallError;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use contracts::internal::users::{StaffLoginRequest, UserSnapshot};
use http_kit::RequestId;
use primitives::{AuditId, EmailAddress};
use serde::Deserialize;
use serde_json::json;

use super::act::outcome_of;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Form, Query};
use crate::session::{SESSION, cookie, read_cookie, same};
use crate::store;
use crate::store::audit::Entry;

/// The cookie that must match the form's token before there is a session.
const LOGIN: &str = "mercato_admin_login";

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    error: Option<&'a str>,
    csrf: &'a str,
    next: &'a str,
    email: &'a str,
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

#[derive(Deserialize)]
struct SignedIn {
    user: UserSnapshot,
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

pub(super) async fn submit(
    State(app): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(form): Form<Credentials>,
) -> Result<Response> {
    if !read_cookie(&headers, LOGIN).is_some_and(|token| same(&token, &form.csrf)) {
        return Err(PageError::forged().back_to("/admin/login"));
    }
    let request = StaffLoginRequest {
        email: form.email.clone(),
        password: form.password,
    };
    let done = app
        .auth
        .post::<_, SignedIn>("/internal/staff/login", None, None, &request)
        .await;
    note(&app, &form.email, &done).await?;
    let user = match done {
        Ok(signed_in) => signed_in.user,
        Err(CallError::Problem { .. }) => {
            let sorry = "That e-mail and password do not belong to a member of staff.";
            return show(&app, &headers, jar, Some(sorry), &form.next, &form.email);
        }
        Err(error) => return Err(PageError::from(error).back_to("/admin/login")),
    };
    let token = app.sessions.start(user.id, user.email, user.name).await?;
    let jar = jar
        .remove(cookie(&headers, LOGIN, String::new()))
        .add(cookie(&headers, SESSION, token));
    Ok((jar, Redirect::to(local(&form.next))).into_response())
}

/// Who signed in, and who tried to, stands in the audit log. What is no e-mail address does not: it may be a password.
async fn note(
    app: &AppState,
    email: &str,
    done: &std::result::Result<SignedIn, CallError>,
) -> Result<()> {
    let typed = email.parse::<EmailAddress>().ok();
    let now = app.clock.now();
    let request_id = RequestId::current();
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: done.as_ref().ok().map(|signed_in| signed_in.user.id),
        actor_email: typed.as_ref().map_or("", EmailAddress::as_str),
        action: "sign_in",
        target: "admin",
        outcome: outcome_of(done),
        details: json!({}),
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut *app.pool.acquire().await?, &entry).await?;
    Ok(())
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
