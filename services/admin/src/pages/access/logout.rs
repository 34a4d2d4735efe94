use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use contracts::internal::users::StaffSessionRequest;
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
    StaffForm(session, Logout {}): StaffForm<Logout>,
) -> Result<(CookieJar, Redirect)> {
    if let Some(token) = read_cookie(&headers, SESSION) {
        app.sessions.end(&token).await?;
    }
    // The panel knows it no more, so nothing is lost if auth does not answer; its row ends by itself.
    let request = StaffSessionRequest {
        session_id: session.id,
    };
    let obo = session.on_behalf_of();
    let ended = app
        .auth
        .post::<_, ()>("/internal/staff/sign-out", Some(&obo), None, &request);
    if let Err(error) = ended.await {
        tracing::warn!(%error, "auth was not told of a sign-out");
    }
    Ok((
        jar.remove(cookie(&headers, SESSION, String::new())),
        Redirect::to("/admin/login"),
    ))
}
