use primitives::UserId;
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::store;
use crate::workflows::transition::{Actor, Entry, note};

/// Takes personal data out of the finished orders of a deleted user; how many. Orders under way need it still: the reconciler
/// comes back for them.
pub(crate) async fn anonymise(
    tx: &mut PgConnection,
    app: &AppState,
    user: UserId,
) -> Result<usize, sqlx::Error> {
    let now = app.clock.now();
    let orders = store::erasure::anonymise(tx, user, now).await?;
    for order in &orders {
        let entry = Entry {
            kind: "order.anonymised",
            actor: Actor::System,
            message: "The customer's account is deleted; personal data was removed.".to_owned(),
            data: json!({}),
            at: now,
        };
        note(tx, app, *order, entry).await?;
    }
    Ok(orders.len())
}
