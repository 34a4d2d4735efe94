//! auth: people and their saved addresses.

use auth_token::{CallError, InternalClient};
use contracts::internal::users::{
    AddressSnapshot, UserLookupRequest, UserLookupResponse, UserSnapshot,
};
use primitives::{AddressId, UserId};

use crate::domain::address::Address;

/// auth's internal API.
#[derive(Clone)]
pub(crate) struct AuthClient(InternalClient);

impl AuthClient {
    pub(crate) fn new(client: InternalClient) -> Self {
        Self(client)
    }

    /// Somebody with an account.
    pub(crate) async fn user(&self, id: UserId) -> http_kit::Result<Option<UserSnapshot>> {
        let request = UserLookupRequest { ids: vec![id] };
        let found: UserLookupResponse = self
            .0
            .post("/internal/users/lookup", None, None, &request)
            .await?;
        Ok(found.users.into_iter().find(|user| user.id == id))
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
