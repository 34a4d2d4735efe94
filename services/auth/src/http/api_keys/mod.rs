pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use primitives::{SessionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::api_key::ApiKey;

/// A key with which a program acts for its owner.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyView {
    id: SessionId,
    name: String,
    /// How the key begins.
    #[schema(example = "mk_4fR9xTq2")]
    prefix: String,
    /// What it allows, of what its owner's role does.
    #[schema(value_type = Vec<auth_token::Scope>)]
    scopes: Vec<String>,
    created_at: Timestamp,
    /// To within ten minutes.
    last_used_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        let ApiKey {
            id,
            user_id: _,
            name,
            prefix,
            scopes,
            created_at,
            last_used_at,
            expires_at,
            revoked_at,
        } = key;
        Self {
            id,
            name,
            prefix,
            scopes,
            created_at,
            last_used_at,
            expires_at,
            revoked_at,
        }
    }
}
