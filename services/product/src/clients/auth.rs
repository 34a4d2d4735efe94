//! auth: whom mails go to.

use std::collections::BTreeMap;

use auth_token::{CallError, InternalClient};
use contracts::internal::users::{UserLookupRequest, UserLookupResponse, UserSnapshot};
use primitives::UserId;

/// auth's internal API.
#[derive(Clone)]
pub(crate) struct AuthClient(InternalClient);

impl AuthClient {
    /// The most users that one call tells of.
    pub(crate) const MOST: usize = 100;

    pub(crate) fn new(client: InternalClient) -> Self {
        Self(client)
    }

    /// Users by id, at most [`Self::MOST`]. Who is not known is absent.
    pub(crate) async fn users(
        &self,
        ids: Vec<UserId>,
    ) -> Result<BTreeMap<UserId, UserSnapshot>, CallError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let request = UserLookupRequest { ids };
        let answer: UserLookupResponse = self
            .0
            .post("/internal/users/lookup", None, None, &request)
            .await?;
        Ok(answer
            .users
            .into_iter()
            .map(|user| (user.id, user))
            .collect())
    }
}
