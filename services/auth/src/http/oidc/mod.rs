pub(crate) mod authorize;
pub(crate) mod callback;
pub(crate) mod link;
pub(crate) mod providers;
pub(crate) mod token;

use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::app::AppState;
use crate::domain::token::hash;
use crate::workflows::federation::REQUEST_LIFETIME;

/// The cookie that binds a sign-in to the browser it began in: one for each sign-in, so that two tabs do not disturb each other.
fn cookie_name(state: &AppState, secret: &str) -> String {
    let tail: String = hash(secret)
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if is_secure(state) {
        format!("__Host-oidc-{tail}")
    } else {
        format!("oidc-{tail}")
    }
}

fn is_secure(state: &AppState) -> bool {
    state.settings.public_url.scheme() == "https"
}

/// Lax, because the provider sends the browser back by a link from another site.
fn cookie(state: &AppState, name: String, value: String) -> Cookie<'static> {
    let lifetime = i64::try_from(REQUEST_LIFETIME.as_secs()).unwrap_or_default();
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(is_secure(state))
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(lifetime))
        .build()
}
