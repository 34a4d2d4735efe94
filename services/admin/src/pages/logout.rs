use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::session::{SESSION, Session, cookie, read_cookie};

#[derive(Deserialize)]
pub(super) struct Logout {
    csrf: String,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    session: Session,
    headers: HeaderMap,
    jar: CookieJar,
    Form(form): Form<Logout>,
) -> Result<(CookieJar, Redirect)> {
    session.check_csrf(&form.csrf)?;
    if let Some(token) = read_cookie(&jar, SESSION) {
        app.sessions.end(&token).await?;
    }
    Ok((jar.remove(cookie(&headers, SESSION, String::new())), Redirect::to("/admin/login")))
}
