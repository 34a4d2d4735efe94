//! Catalogues as files: in, and how far it is.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod errors;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod retry;
mod upload;
mod view;

use auth_token::{Principal, Role};
use http_kit::{Error, Result};
use primitives::ImportId;
use sqlx::PgConnection;

use crate::store::imports::{self, Import};

/// An import that somebody may see: their own, and admins any.
async fn find(db: &mut PgConnection, id: ImportId, viewer: &Principal) -> Result<Import> {
    let found = imports::find(db, id).await?;
    let theirs =
        found.filter(|import| import.requested_by == viewer.user_id || viewer.role == Role::Admin);
    theirs.ok_or_else(|| Error::not_found("import"))
}
