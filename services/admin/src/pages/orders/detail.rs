//! One order: what it is, what happened to it, and what comes next.

use askama::Template;
use auth_token::permissions::{ManageOrders, MarkPaid, ReadOrders, Refund as MayRefund};
use axum::extract::State;
use axum::response::Html;
use primitives::{OrderId, ReturnId};
use serde::Deserialize;

use super::open;
use super::timeline::{self, Entry, Only};
use crate::app::AppState;
use crate::domain::waiting::ShipBy;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::Shell;
use crate::read::order::{Dispute, Line, Open, Order, Part, Payment, Refund, Return, Shipment};
use crate::read::{self, order};
use crate::session::{May, Session};

/// Entries of the timeline that the page shows; all have a page of their own.
const TIMELINE: usize = 25;
/// So many other orders of the customer are counted.
const OTHERS: i64 = 1000;

#[derive(Template)]
#[template(path = "orders/detail.html")]
struct Page {
    shell: Shell,
    order: Order,
    lines: Vec<Line>,
    /// What the shipping costs are made of.
    shipping: Vec<Part>,
    payment: Option<Payment>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    shipments: Vec<Shipment>,
    returns: Vec<Return>,
    open: Vec<Open>,
    timeline: Vec<Entry>,
    /// Whether there is more of it.
    more: bool,
    ship_by: Option<ShipBy>,
    /// Other orders with this address.
    others: i64,
    ship_to: Vec<String>,
    bill_to: Vec<String>,
    next: Option<Next>,
    manage: bool,
    mark_paid: bool,
    /// Makes a form that is sent twice act once.
    key: String,
}

/// What the rules of orders allow now, as order says.
#[derive(Deserialize, Default)]
struct Next {
    next_steps: Vec<String>,
    #[serde(default)]
    returns: Vec<NextOfReturn>,
}

#[derive(Deserialize)]
struct NextOfReturn {
    id: ReturnId,
    next_steps: Vec<String>,
}

impl Page {
    /// Whether order would do this now, and the reader may ask for it.
    fn can(&self, step: &str) -> bool {
        let steps = self.next.iter().flat_map(|next| &next.next_steps);
        self.manage && steps.into_iter().any(|allowed| allowed == step)
    }

    /// The one step that is safe and most likely comes next.
    fn primary(&self) -> &'static str {
        if self.can_mark_paid() {
            return "mark_paid";
        }
        let order = ["capture", "ship", "deliver"];
        let first = order.into_iter().find(|step| self.can(step));
        if let Some(step) = first {
            return step;
        }
        if self.next_return().is_some() {
            return "return";
        }
        ""
    }

    /// A return that waits for staff, and what for.
    fn next_return(&self) -> Option<(&Return, &'static str)> {
        let words = [
            ("approve", "Answer the return"),
            ("receive", "Record the return"),
            ("refund", "Refund the return"),
        ];
        self.returns.iter().find_map(|back| {
            let step = words
                .iter()
                .find(|(step, _)| self.can_return(&back.id, step));
            step.map(|(_, word)| (back, *word))
        })
    }

    /// Whether a return can be approved, received and so on.
    fn can_return(&self, id: &ReturnId, step: &str) -> bool {
        let of_this = self.next.iter().flat_map(|next| &next.returns);
        self.manage
            && of_this
                .filter(|known| known.id == *id)
                .any(|known| known.next_steps.iter().any(|allowed| allowed == step))
    }

    /// Whether somebody has to say that a bank transfer came.
    fn can_mark_paid(&self) -> bool {
        self.by_transfer() && self.order.status == "pending"
    }

    /// Whether somebody has to say that money was transferred back.
    fn can_mark_refund(&self, refund: &Refund) -> bool {
        self.by_transfer() && refund.status == "pending"
    }

    /// Money moves by hand, and the reader may say that it did.
    fn by_transfer(&self) -> bool {
        let manual = |payment: &Payment| payment.provider == "manual";
        self.mark_paid && self.next.is_some() && self.payment.as_ref().is_some_and(manual)
    }

    /// Units that are held for the customer.
    fn held(&self, line: &Line) -> i32 {
        if self.order.status == "cancelled" {
            0
        } else {
            line.left()
        }
    }

    /// The parcels that are on their way.
    fn under_way(&self) -> impl Iterator<Item = &Shipment> {
        self.shipments
            .iter()
            .filter(|shipment| shipment.status == "shipped")
    }
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
    let (mut db, order) = open(&app, id).await?;
    let (lines, shipping) = order::lines(&mut db, &order).await?;
    let payment = order::payment(&mut db, &order).await?;
    let (mut refunds, mut disputes) = (vec![], vec![]);
    if let Some(payment) = &payment {
        refunds = order::refunds(&mut db, &order, payment.id).await?;
        disputes = order::disputes(&mut db, &order, payment.id).await?;
    }
    let shipments = order::shipments(&mut db, id).await?;
    let returns = order::returns(&mut db, id).await?;
    let stuck = order::open_work(&mut db, id).await?;
    let account = order.user_id;
    let others = read::orders::others_of(&mut db, id, account, &order.email, OTHERS).await?;
    drop(db);
    let (timeline, more) =
        timeline::read(&app, &session, &order, Only::All, None, TIMELINE).await?;
    let now = app.clock.now();
    let waits = order.status == "confirmed"
        && matches!(
            &*order.fulfillment_status,
            "unfulfilled" | "partially_shipped"
        );
    let since = order.confirmed_at.unwrap_or(order.placed_at);
    let page = Page {
        next: next(&app, &session, id).await,
        shell: Shell::new(&session, "/admin/orders", params.done.as_deref()),
        ship_to: address_lines(&order.shipping_address),
        bill_to: address_lines(&order.billing_address),
        manage: session.may::<ManageOrders>(),
        mark_paid: session.may::<MarkPaid>(),
        key: app.sessions.new_token(),
        order,
        lines,
        shipping,
        payment: payment.map(|payment| hide_refundable(payment, &session)),
        refunds,
        disputes,
        shipments,
        returns,
        open: stuck,
        timeline,
        more: more.is_some(),
        ship_by: waits.then(|| ShipBy::new(since, app.late_after(), now)),
        others,
    };
    Ok(Html(page.render()?))
}

/// What order would do next; nothing when it does not answer, for then nothing can be done.
async fn next(app: &AppState, session: &Session, id: OrderId) -> Option<Next> {
    let path = format!("/internal/orders/{id}");
    match app.order.get(&path, Some(&session.on_behalf_of())).await {
        Ok(next) => Some(next),
        Err(error) => {
            tracing::warn!(%error, "order does not say what comes next");
            None
        }
    }
}

fn hide_refundable(mut payment: Payment, session: &Session) -> Payment {
    if !session.may::<MayRefund>() {
        payment.refundable = primitives::Money::new(0, payment.amount.currency());
    }
    payment
}

pub(super) fn address_lines(address: &serde_json::Value) -> Vec<String> {
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
