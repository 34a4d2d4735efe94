use std::time::Duration;

use contracts::events::{CartAbandoned, CartLine, CartUpdated};
use messaging::Traced;

use crate::app::AppState;
use crate::guest_carts::{Claimed, GuestCart, News};
use crate::jobs::BATCH;
use crate::store;
use crate::store::cart_news::Told;

/// Tells others of carts: what changed, and what was left alone for long. A customer who adds ten things makes one event, and the cart's
/// own transactions write none. Of carts in Redis `cart.updated` may be told twice after a crash (the version says so), `cart.abandoned` never.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let patience = Duration::from_secs(app.cart.cart_abandoned_after_seconds.into());
    let idle_since = app.clock.now() - patience;
    let mut told = 0;

    let mut tx = app.pool.begin().await?;
    let changed = store::cart_news::claim_untold(&mut tx, BATCH).await?;
    let abandoned = store::cart_news::claim_abandoned(&mut tx, idle_since, BATCH).await?;
    told += changed.len() + abandoned.len();
    app.publisher
        .publish_all(&mut tx, &traced(changed.into_iter().map(updated)))
        .await?;
    let abandoned = abandoned.into_iter().map(left_alone);
    let abandoned = abandoned.filter(|event| !event.lines.is_empty());
    app.publisher
        .publish_all(&mut tx, &traced(abandoned))
        .await?;
    tx.commit().await?;

    let guests = &app.guest_carts;
    let changed = guests.claim(News::Untold, app.clock.now(), BATCH).await?;
    let mut conn = app.pool.begin().await?;
    let events = carts(&changed).map(told_of).map(updated);
    app.publisher
        .publish_all(&mut conn, &traced(events))
        .await?;
    conn.commit().await?;
    guests.told(News::Untold, &changed).await?;

    let idle = guests.claim(News::Idle, idle_since, BATCH).await?;
    let mut tx = app.pool.begin().await?;
    let filled: Vec<_> = carts(&idle)
        .filter(|guest| !guest.items.is_empty())
        .map(|guest| (guest.cart.id, guest.cart.version))
        .collect();
    let new = store::cart_news::note_abandoned(&mut tx, &filled, app.clock.now()).await?;
    let events = carts(&idle)
        .filter(|guest| new.contains(&guest.cart.id))
        .map(told_of)
        .map(left_alone);
    app.publisher.publish_all(&mut tx, &traced(events)).await?;
    tx.commit().await?;
    guests.told(News::Idle, &idle).await?;
    Ok(told + changed.len() + idle.len())
}

fn carts(claimed: &[Claimed]) -> impl Iterator<Item = &GuestCart> {
    claimed.iter().filter_map(|claimed| claimed.cart.as_ref())
}

fn told_of(guest: &GuestCart) -> Told {
    let line = |item: &store::cart_items::CartItem| CartLine {
        product_id: item.product_id,
        variant_id: item.variant_id,
        quantity: item.quantity,
    };
    Told {
        cart_id: guest.cart.id,
        user_id: None,
        version: guest.cart.version,
        coupon: guest.cart.coupon.clone(),
        changed_at: guest.updated_at,
        lines: sqlx::types::Json(guest.items.iter().map(line).collect()),
    }
}

fn updated(cart: Told) -> CartUpdated {
    CartUpdated {
        cart_id: cart.cart_id,
        user_id: cart.user_id,
        version: cart.version,
        lines: cart.lines.0,
        coupon: cart.coupon,
    }
}

fn left_alone(cart: Told) -> CartAbandoned {
    CartAbandoned {
        cart_id: cart.cart_id,
        user_id: cart.user_id,
        version: cart.version,
        lines: cart.lines.0,
        changed_at: cart.changed_at,
    }
}

/// Nobody's request caused them.
fn traced<E>(events: impl Iterator<Item = E>) -> Vec<Traced<E>> {
    let traced = |event| Traced {
        traceparent: None,
        event,
    };
    events.map(traced).collect()
}
