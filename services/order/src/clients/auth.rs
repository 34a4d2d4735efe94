//! auth: saved addresses.

use auth_token::{CallError, InternalClient};
use contracts::internal::users::AddressSnapshot;
use primitives::{AddressId, UserId};

use crate::domain::address::Address;

/// auth's internal API.
#[derive(Clone)]
pub(crate) struct AuthClient(InternalClient);

impl AuthClient {
    pub(crate) fn new(client: InternalClient) -> Self {
        Self(client)
    }

    /// A user's saved address, if it is theirs.
    pub(crate) async fn address(
        &self,
        user: UserId,
        address: AddressId,
    ) -> http_kit::Result<Option<Address>> {
        match self
            .0
            .get::<AddressSnapshot>(&format!("/internal/users/{user}/addresses/{address}"), None)
            .await
        {
            Ok(saved) => Ok(Some(saved.into())),
            Err(CallError::Problem { status, .. }) if status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
