pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logout_all;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod verify;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::user::{User, UserView};
use crate::workflows::sign_in::Tokens;

/// A user who has just signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedInUser {
    user: UserView,
    tokens: Tokens,
}

impl From<(User, Tokens)> for SignedInUser {
    fn from((user, tokens): (User, Tokens)) -> Self {
        Self {
            user: user.into(),
            tokens,
        }
    }
}
