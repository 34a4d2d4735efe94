//! Cards that customers saved. They live at the provider; only the customer's id there is ours.

use http_kit::{Error, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::error::unavailable_or_refused;
use crate::payments::SavedCard;
use crate::store;

/// The provider's id of a user, who is made known to it if need be.
pub(crate) async fn customer(app: &AppState, user: UserId) -> Result<String> {
    let mut conn = app.pool.acquire().await?;
    if let Some(known) = store::customers::find(&mut conn, user).await? {
        return Ok(known);
    }
    drop(conn);
    let made = app
        .stripe
        .create_customer(user)
        .await
        .map_err(unavailable_or_refused)?;
    let mut conn = app.pool.acquire().await?;
    store::customers::insert(&mut conn, user, &made, app.clock.now()).await?;
    store::customers::find(&mut conn, user)
        .await?
        .ok_or_else(|| Error::not_found("account"))
}

/// A user's cards, newest first.
pub(crate) async fn list(app: &AppState, user: UserId) -> Result<Vec<SavedCard>> {
    let mut conn = app.pool.acquire().await?;
    let Some(customer) = store::customers::find(&mut conn, user).await? else {
        return Ok(Vec::new());
    };
    drop(conn);
    app.stripe
        .cards(&customer)
        .await
        .map_err(unavailable_or_refused)
}

/// Removes one of a user's cards. Somebody else's does not exist.
pub(crate) async fn remove(app: &AppState, user: UserId, card: &str) -> Result<()> {
    let mut conn = app.pool.acquire().await?;
    let customer = store::customers::find(&mut conn, user).await?;
    drop(conn);
    let theirs = match &customer {
        Some(customer) => app
            .stripe
            .has_card(customer, card)
            .await
            .map_err(unavailable_or_refused)?,
        None => false,
    };
    if !theirs {
        return Err(Error::not_found("payment method"));
    }
    app.stripe
        .remove_card(card)
        .await
        .map_err(unavailable_or_refused)
}
