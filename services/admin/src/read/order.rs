//! One order with all that belongs to it: one statement a table, however long the order is.

use std::collections::HashMap;

use primitives::{
    Currency, Money, OrderId, OrderItemId, PaymentId, RefundId, ReturnId, ShipmentId, Timestamp,
    UserId,
};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

/// The order itself.
#[derive(FromRow)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) fulfillment_status: String,
    pub(crate) email: String,
    pub(crate) user_id: Option<UserId>,
    #[sqlx(try_from = "String")]
    pub(crate) currency: CurrencyCode,
    subtotal: i64,
    discount: i64,
    shipping: i64,
    tax: i64,
    included_tax: i64,
    total: i64,
    pub(crate) coupon: Option<String>,
    pub(crate) shipping_method_name: String,
    pub(crate) shipping_address: Value,
    pub(crate) billing_address: Value,
    pub(crate) note: Option<String>,
    pub(crate) cancel_reason: Option<String>,
    pub(crate) placed_at: Timestamp,
    pub(crate) disputed: bool,
    pub(crate) invoice_number: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) version: i32,
}

/// The currency of an order's amounts.
#[derive(Clone, Copy)]
pub(crate) struct CurrencyCode(pub(crate) Currency);

impl TryFrom<String> for CurrencyCode {
    type Error = primitives::TextError;
    fn try_from(code: String) -> Result<Self, Self::Error> {
        code.parse().map(Self)
    }
}

impl Order {
    /// An amount in the order's currency.
    pub(crate) const fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency.0)
    }

    pub(crate) const fn subtotal(&self) -> Money {
        self.money(self.subtotal)
    }

    pub(crate) const fn discount(&self) -> Money {
        self.money(self.discount)
    }

    pub(crate) const fn shipping(&self) -> Money {
        self.money(self.shipping)
    }

    /// What is added to the prices.
    pub(crate) const fn tax(&self) -> Money {
        self.money(self.tax)
    }

    /// What the prices contain, if they contain any.
    pub(crate) fn included_tax(&self) -> Option<Money> {
        (self.included_tax > 0).then(|| self.money(self.included_tax))
    }

    pub(crate) const fn total(&self) -> Money {
        self.money(self.total)
    }
}

pub(crate) async fn find(conn: &mut PgConnection, id: OrderId) -> sqlx::Result<Option<Order>> {
    sqlx::query_as(
        "SELECT id, number::text AS number, status, payment_status, fulfillment_status, email, user_id, currency::text AS currency,
                subtotal, discount, shipping, tax, included_tax, total, coupon, coalesce(shipping_method_name, shipping_method) AS shipping_method_name,
                shipping_address, billing_address, note, cancel_reason, placed_at, disputed, invoice_number::text AS invoice_number,
                ARRAY(SELECT t.tag FROM order_tags t WHERE t.order_id = o.id ORDER BY t.tag) AS tags,
                confirmed_at, version
           FROM orders o WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// A line, with what happened to its units and why it costs what it costs.
pub(crate) struct Line {
    pub(crate) id: OrderItemId,
    pub(crate) title: String,
    pub(crate) sku: String,
    /// Such as "Red, XL".
    pub(crate) options: String,
    pub(crate) quantity: i32,
    pub(crate) shipped: i32,
    pub(crate) returned: i32,
    pub(crate) refunded: i64,
    /// What of it went back by line.
    pub(crate) refunded_amount: Money,
    pub(crate) unit_price: Money,
    pub(crate) total: Money,
    pub(crate) parts: Vec<Part>,
}

impl Line {
    /// Units that have not left yet.
    pub(crate) const fn left(&self) -> i32 {
        self.quantity - self.shipped
    }

    /// Units that were sent and did not come back.
    pub(crate) const fn with_customer(&self) -> i32 {
        self.shipped - self.returned
    }

    /// What all units cost, before discounts and taxes.
    pub(crate) fn gross(&self) -> Money {
        let amount = self.unit_price.amount() * i64::from(self.quantity);
        Money::new(amount, self.unit_price.currency())
    }

    /// Units whose money has not gone back by line.
    pub(crate) fn refundable(&self) -> i64 {
        i64::from(self.quantity) - self.refunded
    }
}

/// A discount or a tax, of a line or, without one, of the shipping costs.
pub(crate) struct Part {
    pub(crate) label: String,
    pub(crate) amount: Money,
    /// Taken off, or added (a tax that prices contain is neither; its label says so).
    pub(crate) sign: &'static str,
}

#[derive(FromRow)]
struct LineRow {
    id: OrderItemId,
    title: String,
    sku: String,
    options: Value,
    quantity: i32,
    shipped: i32,
    returned: i32,
    refunded: i64,
    refunded_amount: i64,
    unit_price: i64,
    total: i64,
}

#[derive(FromRow)]
struct PartRow {
    order_item_id: Option<OrderItemId>,
    discount: bool,
    label: String,
    amount: i64,
    base: Option<i64>,
    contained: bool,
}

/// The lines, and what the shipping costs are made of.
pub(crate) async fn lines(
    conn: &mut PgConnection,
    order: &Order,
) -> sqlx::Result<(Vec<Line>, Vec<Part>)> {
    let rows: Vec<LineRow> = sqlx::query_as(
        "SELECT i.id, title, sku, options, i.quantity, shipped, returned, unit_price, total,
                coalesce(back.units, 0)::bigint AS refunded, coalesce(back.amount, 0)::bigint AS refunded_amount
           FROM order_items i
           LEFT JOIN LATERAL (SELECT sum(r.quantity) AS units, sum(r.amount) AS amount FROM refund_items r JOIN refunds f ON f.id = r.refund_id
                               WHERE r.order_item_id = i.id AND f.status IN ('pending', 'succeeded')) back ON true
          WHERE order_id = $1 ORDER BY position",
    )
    .bind(order.id)
    .fetch_all(&mut *conn)
    .await?;
    let parts: Vec<PartRow> = sqlx::query_as(
        "SELECT order_item_id, true AS discount, kind || ' ' || label AS label, amount, NULL::bigint AS base, false AS contained, 0 AS sort, position
           FROM order_adjustments WHERE order_id = $1
          UNION ALL
         SELECT t.order_item_id, false, t.name || ' ' || trim_scale(t.rate_ppm / 10000.0) || ' %', t.amount, t.base, o.prices_include_tax, 1, t.position
           FROM order_taxes t JOIN orders o ON o.id = t.order_id WHERE t.order_id = $1
          ORDER BY sort, position",
    )
    .bind(order.id)
    .fetch_all(conn)
    .await?;
    let mut of_lines: HashMap<Option<OrderItemId>, Vec<Part>> = HashMap::new();
    for row in parts {
        let label = match row.base {
            Some(base) => format!("{} of {}", row.label, order.money(base)),
            None => row.label,
        };
        let (label, sign) = match (row.discount, row.contained) {
            (true, _) => (label, "−"),
            (false, false) => (label, "+"),
            (false, true) => (format!("contains {label}"), ""),
        };
        let amount = order.money(row.amount);
        let part = Part {
            label,
            amount,
            sign,
        };
        of_lines.entry(row.order_item_id).or_default().push(part);
    }
    let lines = rows.into_iter().map(|row| Line {
        parts: of_lines.remove(&Some(row.id)).unwrap_or_default(),
        unit_price: order.money(row.unit_price),
        total: order.money(row.total),
        options: options(&row.options),
        id: row.id,
        title: row.title,
        sku: row.sku,
        quantity: row.quantity,
        shipped: row.shipped,
        returned: row.returned,
        refunded: row.refunded,
        refunded_amount: order.money(row.refunded_amount),
    });
    let lines = lines.collect();
    Ok((lines, of_lines.remove(&None).unwrap_or_default()))
}

/// The values of a variant's options.
fn options(options: &Value) -> String {
    let values = options.as_object().into_iter().flat_map(|map| map.values());
    values
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The payment of an order.
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) status: String,
    pub(crate) provider: String,
    pub(crate) method: String,
    pub(crate) reference: Option<String>,
    pub(crate) amount: Money,
    pub(crate) authorized: Money,
    pub(crate) captured: Money,
    pub(crate) refunded: Money,
    /// What could still be refunded; nothing unless the money came.
    pub(crate) refundable: Money,
    pub(crate) failure: Option<String>,
}

#[derive(FromRow)]
struct PaymentRow {
    id: PaymentId,
    status: String,
    provider: String,
    method: Option<String>,
    provider_ref: Option<String>,
    amount: i64,
    amount_authorized: i64,
    amount_captured: i64,
    amount_refunded: i64,
    refundable: i64,
    failure: Option<String>,
}

pub(crate) async fn payment(
    conn: &mut PgConnection,
    order: &Order,
) -> sqlx::Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "SELECT id, status, provider, method, provider_ref, amount, amount_authorized, amount_captured, amount_refunded, failure,
                CASE WHEN status IN ('succeeded', 'partially_refunded')
                     THEN amount_captured - amount_refunded - (SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r WHERE r.payment_id = p.id AND r.status = 'pending')
                     ELSE 0 END AS refundable
           FROM payments p WHERE order_id = $1",
    )
    .bind(order.id)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Payment {
        amount: order.money(row.amount),
        authorized: order.money(row.amount_authorized),
        captured: order.money(row.amount_captured),
        refunded: order.money(row.amount_refunded),
        refundable: order.money(row.refundable),
        id: row.id,
        status: row.status,
        provider: row.provider,
        method: row.method.unwrap_or_default(),
        reference: row.provider_ref,
        failure: row.failure,
    }))
}

/// Money that went back, or is about to.
pub(crate) struct Refund {
    pub(crate) id: RefundId,
    pub(crate) status: String,
    pub(crate) amount: Money,
    pub(crate) reason: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) credit_note: Option<String>,
}

type RefundRow = (
    RefundId,
    String,
    i64,
    Option<String>,
    Option<String>,
    Timestamp,
    Option<String>,
);

pub(crate) async fn refunds(
    conn: &mut PgConnection,
    order: &Order,
    payment: PaymentId,
) -> sqlx::Result<Vec<Refund>> {
    let rows: Vec<RefundRow> = sqlx::query_as(
        "SELECT id, status, amount, reason, failure, created_at, credit_note_number::text FROM refunds WHERE payment_id = $1 ORDER BY created_at, id",
    )
    .bind(payment)
    .fetch_all(conn)
    .await?;
    let refund = |(id, status, amount, reason, failure, at, credit_note)| Refund {
        id,
        status,
        amount: order.money(amount),
        reason,
        failure,
        at,
        credit_note,
    };
    Ok(rows.into_iter().map(refund).collect())
}

/// A cardholder's objection.
pub(crate) struct Dispute {
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) amount: Money,
    pub(crate) evidence_due_at: Option<Timestamp>,
    pub(crate) opened_at: Timestamp,
}

pub(crate) async fn disputes(
    conn: &mut PgConnection,
    order: &Order,
    payment: PaymentId,
) -> sqlx::Result<Vec<Dispute>> {
    let rows: Vec<(String, String, i64, Option<Timestamp>, Timestamp)> = sqlx::query_as(
        "SELECT state, reason, amount, evidence_due_at, opened_at FROM disputes WHERE payment_id = $1 ORDER BY opened_at",
    )
    .bind(payment)
    .fetch_all(conn)
    .await?;
    let dispute = |(state, reason, amount, evidence_due_at, opened_at)| Dispute {
        state,
        reason,
        amount: order.money(amount),
        evidence_due_at,
        opened_at,
    };
    Ok(rows.into_iter().map(dispute).collect())
}

/// A parcel.
#[derive(FromRow)]
pub(crate) struct Shipment {
    pub(crate) id: ShipmentId,
    pub(crate) carrier: String,
    pub(crate) tracking_number: String,
    pub(crate) tracking_url: Option<String>,
    pub(crate) status: String,
    pub(crate) shipped_at: Timestamp,
    pub(crate) delivered_at: Option<Timestamp>,
    /// Such as "2 × Mug, 1 × Plate".
    pub(crate) contents: String,
}

pub(crate) async fn shipments(conn: &mut PgConnection, id: OrderId) -> sqlx::Result<Vec<Shipment>> {
    sqlx::query_as(
        "SELECT id, carrier, tracking_number, tracking_url, status, shipped_at, delivered_at,
                coalesce((SELECT string_agg(s.quantity || ' × ' || i.title, ', ' ORDER BY i.position)
                            FROM shipment_items s JOIN order_items i ON i.id = s.order_item_id WHERE s.shipment_id = p.id), '') AS contents
           FROM shipments p WHERE order_id = $1 ORDER BY shipped_at, id",
    )
    .bind(id)
    .fetch_all(conn)
    .await
}

/// What a customer wants to send back.
pub(crate) struct Return {
    pub(crate) id: ReturnId,
    pub(crate) position: i32,
    pub(crate) status: String,
    pub(crate) comment: Option<String>,
    pub(crate) answer: Option<String>,
    pub(crate) requested_at: Timestamp,
    pub(crate) items: Vec<ReturnItem>,
}

/// Units of a line that come back.
#[derive(FromRow)]
pub(crate) struct ReturnItem {
    return_id: ReturnId,
    pub(crate) order_item_id: OrderItemId,
    pub(crate) title: String,
    pub(crate) quantity: i32,
    pub(crate) reason: String,
    pub(crate) received: i32,
    pub(crate) condition: Option<String>,
    pub(crate) restock: Option<bool>,
}

type ReturnRow = (
    ReturnId,
    i32,
    String,
    Option<String>,
    Option<String>,
    Timestamp,
);

pub(crate) async fn returns(conn: &mut PgConnection, id: OrderId) -> sqlx::Result<Vec<Return>> {
    let rows: Vec<ReturnRow> = sqlx::query_as(
        "SELECT id, position, status, comment, answer, requested_at FROM returns WHERE order_id = $1 ORDER BY position",
    )
    .bind(id)
    .fetch_all(&mut *conn)
    .await?;
    let items: Vec<ReturnItem> = sqlx::query_as(
        "SELECT b.return_id, b.order_item_id, i.title, b.quantity, b.reason, b.received, b.condition, b.restock
           FROM returns r JOIN return_items b ON b.return_id = r.id JOIN order_items i ON i.id = b.order_item_id
          WHERE r.order_id = $1 ORDER BY i.position",
    )
    .bind(id)
    .fetch_all(conn)
    .await?;
    let mut of_returns: HashMap<ReturnId, Vec<ReturnItem>> = HashMap::new();
    for item in items {
        of_returns.entry(item.return_id).or_default().push(item);
    }
    let one = |(id, position, status, comment, answer, requested_at)| Return {
        items: of_returns.remove(&id).unwrap_or_default(),
        id,
        position,
        status,
        comment,
        answer,
        requested_at,
    };
    Ok(rows.into_iter().map(one).collect())
}

/// Work at the order that has not got through yet, or needs somebody.
#[derive(FromRow)]
pub(crate) struct Open {
    pub(crate) what: String,
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) detail: String,
}

/// Steps of the saga that are not done, and open work items.
pub(crate) async fn open_work(conn: &mut PgConnection, id: OrderId) -> sqlx::Result<Vec<Open>> {
    sqlx::query_as(
        "SELECT step AS what, status, attempts, coalesce(error, '') AS detail, updated_at FROM saga_steps
          WHERE order_id = $1 AND status <> 'done' AND (status = 'failed' OR attempts > 0)
          UNION ALL
         SELECT kind, 'needs you', 0, subject, raised_at FROM work_items WHERE order_id = $1 AND status = 'open'
          ORDER BY updated_at",
    )
    .bind(id)
    .fetch_all(conn)
    .await
}
