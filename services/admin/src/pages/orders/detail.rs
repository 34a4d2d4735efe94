//! One order: what it is, what happened to it, and what comes next.

use askama::Template;
use auth_token::permissions::{ManageOrders, MarkPaid, ReadOrders, Refund as MayRefund};
use axum::extract::State;
use axum::response::Html;
use primitives::{OrderId, ReturnId};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::Shell;
use crate::read::order::{
    Dispute, Line, Open, Order, Part, Payment, Refund, Return, Shipment, TimelineEvent,
};
use crate::read::{self, order, snapshot};
use crate::session::{May, Session};

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
    timeline: Vec<TimelineEvent>,
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

    /// The one step that most likely comes next.
    fn primary(&self) -> &'static str {
        let order = ["capture", "ship", "deliver"];
        let first = order.into_iter().find(|step| self.can(step));
        first.unwrap_or_default()
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
        self.mark_paid
            && self.order.status == "pending"
            && self
                .payment
                .as_ref()
                .is_some_and(|payment| payment.provider == "manual")
    }

    /// Whether units or money came back: otherwise there are no columns for it.
    fn came_back(&self) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.returned > 0 || line.refunded > 0)
    }

    /// The columns before that of the totals.
    fn before_total(&self) -> usize {
        if self.came_back() { 7 } else { 5 }
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
    let mut db = snapshot(&app.order_db).await?;
    let order = order::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let (lines, shipping) = order::lines(&mut db, &order).await?;
    let payment = order::payment(&mut db, &order).await?;
    let (mut refunds, mut disputes) = (vec![], vec![]);
    if let Some(payment) = &payment {
        refunds = order::refunds(&mut db, &order, payment.id).await?;
        disputes = order::disputes(&mut db, &order, payment.id).await?;
    }
    let shipments = order::shipments(&mut db, id).await?;
    let returns = order::returns(&mut db, id).await?;
    let open = order::open_work(&mut db, id).await?;
    let mut timeline = order::timeline(&mut db, id).await?;
    let others = read::orders::count_of(&mut db, &order.email).await? - 1;
    drop(db);
    name_staff(&app, &mut timeline).await?;
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
        open,
        timeline,
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
