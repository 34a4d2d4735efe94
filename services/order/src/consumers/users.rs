use contracts::events::{Envelope, UserDeleted, UserRegistered, UserUpdated};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::store;
use crate::workflows::{claim, erase};

/// Who has proved that an address is theirs gets the orders that they placed with it as a guest.
pub(crate) struct ClaimOrders(pub(crate) AppState);

impl Handler<UserUpdated> for ClaimOrders {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<UserUpdated>,
    ) -> Result<(), HandlerError> {
        let user = event.data;
        if user.email_verified {
            claim::claim(tx, &self.0, user.user_id, &user.email).await?;
        }
        Ok(())
    }
}

/// An identity provider may have verified the address before there was an account.
impl Handler<UserRegistered> for ClaimOrders {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<UserRegistered>,
    ) -> Result<(), HandlerError> {
        let user = event.data;
        if user.email_verified {
            claim::claim(tx, &self.0, user.user_id, &user.email).await?;
        }
        Ok(())
    }
}

/// The account is gone: so is its cart, and the personal data in its finished orders.
pub(crate) struct EraseUser(pub(crate) AppState);

impl Handler<UserDeleted> for EraseUser {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<UserDeleted>,
    ) -> Result<(), HandlerError> {
        let user = event.data.user_id;
        store::erasure::begin(tx, user, self.0.clock.now()).await?;
        erase::anonymise(tx, &self.0, user).await?;
        Ok(())
    }
}
