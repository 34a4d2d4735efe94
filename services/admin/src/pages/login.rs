use askama::Template;
use auth_token::{CallError, Role};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use contracts::internal::users::{StaffLoginRequest, UserSnapshot};
use serde::Deserialize;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::session::{SESSION, cookie, read_cookie, same};

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

pub(super) async fn page(State(app): State<AppState>, Query(query): Query<Next>, headers: HeaderMap, jar: CookieJar) -> Result<Response> {
    show(&app, &headers, jar, StatusCode::OK, None, &query.next, "")
}

fn show(app: &AppState, headers: &HeaderMap, jar: CookieJar, status: StatusCode, error: Option<&str>, next: &str, email: &str) -> Result<Response> {
    let csrf = app.sessions.new_token();
    let html = Page { error, csrf: &csrf, next, email }.render()?;
    Ok((status, jar.add(cookie(headers, LOGIN, csrf)), Html(html)).into_response())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
    Form(form): Form<Credentials>,
) -> Result<Response> {
    if !read_cookie(&jar, LOGIN).is_some_and(|token| same(&token, &form.csrf)) {
        return Err(PageError::forged());
    }
    let request = StaffLoginRequest { email: form.email.clone(), password: form.password };
    let user = match app.auth.post::<_, SignedIn>("/internal/staff/login", None, None, &request).await {
        Ok(signed_in) => signed_in.user,
        Err(CallError::Problem { .. }) => {
            let sorry = "That e-mail and password do not belong to a member of staff.";
            return show(&app, &headers, jar, StatusCode::UNAUTHORIZED, Some(sorry), &form.next, &form.email);
        }
        Err(error) => return Err(error.into()),
    };
    let role: Role = user.role.parse().map_err(|_| PageError::bad_request("Your role is not known to the panel."))?;
    let token = app.sessions.start(user.id, user.email, user.name, role).await?;
    let jar = jar.remove(cookie(&headers, LOGIN, String::new())).add(cookie(&headers, SESSION, token));
    Ok((jar, Redirect::to(local(&form.next))).into_response())
}

/// Where to go after the sign-in: only to a page of the panel, never to another site.
fn local(next: &str) -> &str {
    let inside = next == "/admin" || next.starts_with("/admin/") || next.starts_with("/admin?");
    if inside && !next.contains(['\\', '\r', '\n']) { next } else { "/admin" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn a_sign_in_leads_only_into_the_panel() {
        assert_eq!(local("/admin/orders?status=pending"), "/admin/orders?status=pending");
        for elsewhere in ["", "https://evil.example", "//evil.example", "/administrator", "/admin/\\evil.example", "/other"] {
            assert_eq!(local(elsewhere), "/admin", "{elsewhere}");
        }
    }
}
