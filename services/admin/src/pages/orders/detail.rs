use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders, Refund};
use axum::extract::State;
use axum::response::Html;
use primitives::{Money, OrderId};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::Shell;
use crate::read::orders::{Line, Order, Payment, Shipment, TimelineEvent};
use crate::read::{self, snapshot};
use crate::session::May;

#[derive(Template)]
#[template(path = "orders/detail.html")]
struct Page {
    shell: Shell,
    address: Vec<String>,
    lines: Vec<Line>,
    timeline: Vec<TimelineEvent>,
    shipments: Vec<Shipment>,
    can_ship: bool,
    can_cancel: bool,
    /// What may still be refunded, if the reader may refund.
    refundable: Option<Money>,
    /// Makes a form that is sent twice act once.
    key: String,
    payment: Option<Payment>,
    order: Order,
}

#[derive(Deserialize)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(id): Path<OrderId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.order_db).await?;
    let order = read::orders::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let payment = read::orders::payment(&mut db, &order).await?;
    let mut timeline = read::orders::timeline(&mut db, id).await?;
    name_staff(&app, &mut timeline).await?;
    let manage = session.may::<ManageOrders>();
    let unshipped = matches!(
        order.fulfillment_status.as_str(),
        "unfulfilled" | "partially_shipped"
    );
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", params.done.as_deref()),
        address: address_lines(&order.shipping_address),
        lines: read::orders::lines(&mut db, &order).await?,
        timeline,
        shipments: read::orders::shipments(&mut db, id).await?,
        can_ship: manage
            && order.status == "confirmed"
            && unshipped
            && order.payment_status != "refunded",
        can_cancel: manage
            && (order.status == "pending"
                || order.status == "confirmed" && order.fulfillment_status == "unfulfilled"),
        refundable: payment
            .as_ref()
            .map(|payment| payment.refundable)
            .filter(|left| session.may::<Refund>() && left.amount() > 0),
        key: app.sessions.new_token(),
        payment,
        order,
    };
    Ok(Html(page.render()?))
}

/// Says who of the staff did it, instead of an id.
async fn name_staff(app: &AppState, timeline: &mut [TimelineEvent]) -> Result<()> {
    let staff = |actor: &str| {
        actor
            .strip_prefix("staff:")
            .and_then(|id| id.parse::<Uuid>().ok())
    };
    let ids: Vec<Uuid> = timeline
        .iter()
        .filter_map(|event| staff(&event.actor))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let names = read::users::names(&mut *app.auth_db.acquire().await?, &ids).await?;
    for event in timeline {
        if let Some(name) = staff(&event.actor).and_then(|id| names.get(&id)) {
            event.actor.clone_from(name);
        }
    }
    Ok(())
}

fn address_lines(address: &serde_json::Value) -> Vec<String> {
    let text = |name: &str| address[name].as_str().unwrap_or_default().to_owned();
    let city = format!("{} {}", text("postal_code"), text("city"));
    [
        text("name"),
        text("line1"),
        text("line2"),
        city.trim().to_owned(),
        text("region"),
        text("country"),
    ]
    .into_iter()
    .filter(|line| !line.is_empty())
    .collect()
}
