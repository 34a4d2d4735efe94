//! `user.deleted`: the wish list and the record of purchases go, reviews lose their author's name, a seller's products leave the shop.

use contracts::events::{Envelope, UserDeleted};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;

use crate::app::Context;
use crate::domain::status::Step;
use crate::store::{people, products as store};
use crate::workflows::products;

/// Takes a person out of the catalogue.
pub(crate) struct ForgetUser(pub(crate) Context);

impl Handler<UserDeleted> for ForgetUser {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<UserDeleted>,
    ) -> Result<(), HandlerError> {
        let (cx, user) = (&self.0, event.data.user_id);
        for id in people::products_of(tx, user).await? {
            if let Some(locked) = store::lock(tx, id).await? {
                products::advance(tx, cx, &locked, Step::Archive, None, None)
                    .await
                    .map_err(anyhow::Error::from)?;
            }
        }
        people::forget(tx, user, &cx.clock).await?;
        Ok(())
    }
}
