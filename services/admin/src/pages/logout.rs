use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::input::StaffForm;
use crate::session::{SESSION, cookie, read_cookie};

#[derive(Deserialize)]
pub(super) struct Logout {}

pub(super) async fn submit(
    State(app): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
    StaffForm(_, Logout {}): StaffForm<Logout>,
) -> Result<(CookieJar, Redirect)> {
    if let Some(token) = read_cookie(&headers, SESSION) {
        app.sessions.end(&token).await?;
    }
    Ok((
        jar.remove(cookie(&headers, SESSION, String::new())),
        Redirect::to("/admin/login"),
    ))
}
