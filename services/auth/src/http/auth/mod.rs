pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logout_all;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod verify;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::user::{User, UserView};
use crate::workflows::second_factor::Challenge;
use crate::workflows::sign_in::{Outcome, Tokens};

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

/// What comes of signing in by one proof: tokens, or the question for a second one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LoginAnswer {
    SignedIn(SignedInUser),
    SecondFactor(SecondFactorWanted),
}

/// A sign-in that waits five minutes for its second factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactorWanted {
    /// Always true.
    mfa_required: bool,
    /// For `POST /api/auth/mfa/verify`.
    mfa_token: String,
    /// Which factors the user has: `totp`, `passkey`, `recovery_code`.
    methods: Vec<&'static str>,
}

impl From<Challenge> for SecondFactorWanted {
    fn from(challenge: Challenge) -> Self {
        Self {
            mfa_required: true,
            mfa_token: challenge.token.text().to_owned(),
            methods: challenge.methods,
        }
    }
}

impl From<Outcome> for LoginAnswer {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::SignedIn(user, tokens) => Self::SignedIn((user, tokens).into()),
            Outcome::SecondFactor(challenge) => Self::SecondFactor(challenge.into()),
        }
    }
}
