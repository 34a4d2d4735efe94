//! Tokens that are not ours, exchanged for one that is.
//!
//! [`auth_token::Verifier`] asks for this once for each token and remembers the answer, so here is time for a database.

use auth_token::{API_KEY_PREFIX, TokenError};

use crate::app::AppState;
use crate::workflows::{api_keys, foreign};

/// One of our access tokens for a token that is not, if that is good.
pub(crate) async fn exchange(state: &AppState, token: &str) -> Result<String, TokenError> {
    if token.starts_with(API_KEY_PREFIX) {
        api_keys::exchange(state, token).await
    } else {
        foreign::exchange(state, token).await
    }
}
