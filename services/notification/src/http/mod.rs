//! The internal API: what staff do with mails about orders, through the panel.

pub(crate) mod get;
pub(crate) mod resend;

use auth_token::ServiceKeys;
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use contracts::events::Mail;
use http_kit::Error;
use messaging::Publisher;
use primitives::{Clock, Random};
use sqlx::PgPool;

use crate::mail::Brand;
use crate::store::mails::Kept;

/// What the handlers work with.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) pool: PgPool,
    pub(crate) keys: ServiceKeys,
    pub(crate) brand: Brand,
    pub(crate) publisher: Publisher,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

impl FromRef<State> for ServiceKeys {
    fn from_ref(state: &State) -> Self {
        state.keys.clone()
    }
}

/// For other services, who say on whose behalf they call.
pub(crate) fn internal(state: State) -> Router {
    Router::new()
        .route("/internal/mails/{id}", get(get::handler))
        .route("/internal/mails/{id}/resend", post(resend::handler))
        .with_state(state)
}

/// What a mail says.
fn content(kept: &Kept) -> http_kit::Result<Mail> {
    let content = kept.content.clone().ok_or_else(|| {
        Error::conflict(
            "mail_forgotten",
            "The text of this mail is not kept any more.",
        )
    })?;
    serde_json::from_value(content).map_err(Error::internal)
}
