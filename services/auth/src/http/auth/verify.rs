use auth_token::{Role, User};
use http_kit::Json;
use primitives::{EmailAddress, SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::problems::SignedIn;

/// What an access token says.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    user_id: UserId,
    session_id: SessionId,
    role: Role,
    email: EmailAddress,
    email_verified: bool,
    name: String,
}

/// Check an access token
///
/// For programs that cannot check it themselves with the JWKS. Asks no database.
#[utoipa::path(get, path = "/api/auth/verify", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = TokenView), SignedIn))]
pub(crate) async fn verify(User(principal): User) -> Json<TokenView> {
    let auth_token::Principal {
        user_id,
        session_id,
        role,
        email,
        email_verified,
        name,
        ..
    } = principal;
    Json(TokenView {
        user_id,
        session_id,
        role,
        email,
        email_verified,
        name,
    })
}
