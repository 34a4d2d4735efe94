//! `orders`, each with its one payment.

use primitives::{
    CartId, Currency, EmailAddress, Money, OrderEventId, OrderId, PaymentId, Sku, Timestamp, UserId,
};
use sqlx::types::{Json, Uuid};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use crate::domain::address::Address;
use crate::domain::order::{FulfillmentStatus, PaymentStatus, Status};
use crate::domain::search::Search;

/// An order without its lines; amounts are minor units of `currency`.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) number: i64,
    pub(crate) cart_id: CartId,
    pub(crate) user_id: Option<UserId>,
    pub(crate) guest_token_hash: Option<Vec<u8>>,
    pub(crate) email: EmailAddress,
    pub(crate) status: Status,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) fulfillment_status: FulfillmentStatus,
    pub(crate) currency: Currency,
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) shipping: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
    /// Then `tax` is 0, and `included_tax` is what the other amounts contain.
    pub(crate) prices_include_tax: bool,
    pub(crate) included_tax: i64,
    /// Shipping's part of either.
    pub(crate) shipping_tax: i64,
    pub(crate) coupon: Option<String>,
    pub(crate) shipping_method: String,
    /// As customers read it; unknown of old orders.
    pub(crate) shipping_method_name: Option<String>,
    pub(crate) shipping_address: Address,
    pub(crate) billing_address: Address,
    pub(crate) note: Option<String>,
    pub(crate) placed_at: Timestamp,
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) cancelled_at: Option<Timestamp>,
    pub(crate) cancel_reason: Option<String>,
    pub(crate) version: i32,
    pub(crate) payment_id: PaymentId,
}

impl Order {
    /// An amount of this order.
    pub(crate) fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }

    /// The number for people.
    pub(crate) fn number(&self) -> String {
        self.number.to_string()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: OrderId,
    number: i64,
    cart_id: CartId,
    user_id: Option<UserId>,
    guest_token_hash: Option<Vec<u8>>,
    email: EmailAddress,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    currency: String,
    subtotal: i64,
    discount: i64,
    shipping: i64,
    tax: i64,
    total: i64,
    prices_include_tax: bool,
    included_tax: i64,
    shipping_tax: i64,
    coupon: Option<String>,
    shipping_method: String,
    shipping_method_name: Option<String>,
    shipping_address: Json<Address>,
    billing_address: Json<Address>,
    note: Option<String>,
    placed_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    cancel_reason: Option<String>,
    version: i32,
    payment_id: PaymentId,
}

impl TryFrom<Row> for Order {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            number: row.number,
            cart_id: row.cart_id,
            user_id: row.user_id,
            guest_token_hash: row.guest_token_hash,
            email: row.email,
            status: super::parse(&row.status)?,
            payment_status: super::parse(&row.payment_status)?,
            fulfillment_status: super::parse(&row.fulfillment_status)?,
            currency: super::parse(&row.currency)?,
            subtotal: row.subtotal,
            discount: row.discount,
            shipping: row.shipping,
            tax: row.tax,
            total: row.total,
            prices_include_tax: row.prices_include_tax,
            included_tax: row.included_tax,
            shipping_tax: row.shipping_tax,
            coupon: row.coupon,
            shipping_method: row.shipping_method,
            shipping_method_name: row.shipping_method_name,
            shipping_address: row.shipping_address.0,
            billing_address: row.billing_address.0,
            note: row.note,
            placed_at: row.placed_at,
            confirmed_at: row.confirmed_at,
            cancelled_at: row.cancelled_at,
            cancel_reason: row.cancel_reason,
            version: row.version,
            payment_id: row.payment_id,
        })
    }
}

/// A statement that answers whole orders; `$rest` follows `FROM orders o JOIN payments p …`.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT o.id AS "id: OrderId", o.number AS "number!", o.cart_id AS "cart_id: CartId", o.user_id AS "user_id: UserId", o.guest_token_hash,
                      o.email AS "email: EmailAddress", o.status, o.payment_status, o.fulfillment_status, o.currency, o.subtotal, o.discount, o.shipping,
                      o.tax, o.total, o.prices_include_tax, o.included_tax, o.shipping_tax, o.coupon, o.shipping_method, o.shipping_method_name,
                      o.shipping_address AS "shipping_address: Json<Address>",
                      o.billing_address AS "billing_address: Json<Address>", o.note, o.placed_at, o.confirmed_at AS "confirmed_at: Timestamp",
                      o.cancelled_at AS "cancelled_at: Timestamp", o.cancel_reason,
                      o.version, p.id AS "payment_id: PaymentId"
                 FROM orders o JOIN payments p ON p.order_id = o.id "# + $rest,
            $($argument),*
        )
    };
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: OrderId,
) -> Result<Option<Order>, sqlx::Error> {
    select!("WHERE o.id = $1", id as OrderId)
        .fetch_optional(conn)
        .await?
        .map(Order::try_from)
        .transpose()
}

/// Some orders, by their ids.
pub(crate) async fn of_ids(
    conn: &mut PgConnection,
    ids: &[OrderId],
) -> Result<Vec<Order>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = select!("WHERE o.id = ANY($1) ORDER BY o.id", &ids)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Order::try_from).collect()
}

/// The order that a cart became.
pub(crate) async fn by_cart(
    conn: &mut PgConnection,
    cart: CartId,
) -> Result<Option<Order>, sqlx::Error> {
    select!(
        "WHERE o.id = (SELECT order_id FROM order_carts WHERE cart_id = $1)",
        cart as CartId
    )
    .fetch_optional(conn)
    .await?
    .map(Order::try_from)
    .transpose()
}

/// Reads the order and locks it until the transaction ends.
pub(crate) async fn lock(
    conn: &mut PgConnection,
    id: OrderId,
) -> Result<Option<Order>, sqlx::Error> {
    select!("WHERE o.id = $1 FOR UPDATE OF o", id as OrderId)
        .fetch_optional(conn)
        .await?
        .map(Order::try_from)
        .transpose()
}

/// Notes that a locked order's answer has changed: the ETag with it.
pub(crate) async fn touch(
    conn: &mut PgConnection,
    order: &mut Order,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE orders SET version = version + 1, updated_at = $2 WHERE id = $1",
        order.id as OrderId,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))?;
    order.version += 1;
    Ok(())
}

/// Changes where a locked order goes.
pub(crate) async fn set_shipping_address(
    conn: &mut PgConnection,
    order: &mut Order,
    address: Address,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE orders SET shipping_address = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        order.id as OrderId,
        Json(&address) as _,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))?;
    order.shipping_address = address;
    order.version += 1;
    Ok(())
}

/// What a list shows. Lists are by id, which is by the time when the order was begun: the page's ids are found in an index alone, and only the months are
/// looked into that can have some.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) status: Option<Status>,
    pub(crate) payment_status: Option<PaymentStatus>,
    pub(crate) fulfillment_status: Option<FulfillmentStatus>,
    /// Placed then or later.
    pub(crate) from: Option<Timestamp>,
    /// Placed before.
    pub(crate) until: Option<Timestamp>,
    pub(crate) min_total: Option<i64>,
    pub(crate) max_total: Option<i64>,
    pub(crate) search: Option<Search>,
    pub(crate) tag: Option<String>,
    pub(crate) after: Option<OrderId>,
    pub(crate) limit: i64,
}

/// What [`Row`] is read from; all columns, so that none is forgotten here.
const SELECT: &str = "SELECT o.*, p.id AS payment_id FROM orders o JOIN payments p ON p.order_id = o.id \
    JOIN (SELECT id FROM orders WHERE true";

/// How many milliseconds after it was begun an order may have been placed, generously: the hold on its stock does not last that long.
const CHECKOUT: u64 = 24 * 3600 * 1000;

/// The least id of a moment: an order's begins with the milliseconds when it was begun.
fn least_id(milliseconds: u64) -> OrderId {
    Uuid::from_u128(u128::from(milliseconds) << 80).into()
}

/// A user's orders, newest first.
pub(crate) async fn of_user(
    conn: &mut PgConnection,
    user: UserId,
    filter: &Filter,
) -> Result<Vec<Order>, sqlx::Error> {
    list(conn, Some(user), filter).await
}

/// All orders, newest first.
pub(crate) async fn all(
    conn: &mut PgConnection,
    filter: &Filter,
) -> Result<Vec<Order>, sqlx::Error> {
    list(conn, None, filter).await
}

/// The statement has only the filters that are asked for, so that each finds its index.
async fn list(
    conn: &mut PgConnection,
    user: Option<UserId>,
    filter: &Filter,
) -> Result<Vec<Order>, sqlx::Error> {
    let mut sql = QueryBuilder::<Postgres>::new(SELECT);
    if let Some(user) = user {
        sql.push(" AND user_id = ").push_bind(user);
    }
    for (condition, status) in [
        (" AND status = ", filter.status.map(Status::as_str)),
        (
            " AND payment_status = ",
            filter.payment_status.map(PaymentStatus::as_str),
        ),
        (
            " AND fulfillment_status = ",
            filter.fulfillment_status.map(FulfillmentStatus::as_str),
        ),
    ] {
        // Written out, not bound: only so can a plan that is kept for any value know that the few orders of `orders_not_done` are enough.
        if let Some(status) = status {
            sql.push(condition).push("'").push(status).push("'");
        }
    }
    // The ids tell which months to look into.
    if let Some(from) = filter.from {
        sql.push(" AND placed_at >= ").push_bind(from);
        sql.push(" AND id >= ")
            .push_bind(least_id(from.unix_millis().saturating_sub(CHECKOUT)));
    }
    if let Some(until) = filter.until {
        sql.push(" AND placed_at < ").push_bind(until);
        sql.push(" AND id < ")
            .push_bind(least_id(until.unix_millis() + 1));
    }
    for (condition, total) in [
        (" AND total >= ", filter.min_total),
        (" AND total <= ", filter.max_total),
    ] {
        if let Some(total) = total {
            sql.push(condition).push_bind(total);
        }
    }
    if let Some(search) = &filter.search {
        sql.push(" AND id IN (SELECT order_id FROM order_numbers WHERE number = ")
            .push_bind(search.number)
            .push(" UNION ALL SELECT id FROM orders WHERE email = ")
            .push_bind(search.email.as_ref().map(EmailAddress::as_str))
            .push(" UNION ALL SELECT order_id FROM order_items WHERE sku = ")
            .push_bind(search.sku.as_ref().map(Sku::as_str))
            .push(")");
    }
    if let Some(tag) = &filter.tag {
        sql.push(" AND id IN (SELECT order_id FROM order_tags WHERE tag = ")
            .push_bind(tag.as_str())
            .push(")");
    }
    if let Some(after) = filter.after {
        sql.push(" AND id < ").push_bind(after);
    }
    sql.push(" ORDER BY id DESC LIMIT ")
        .push_bind(filter.limit)
        .push(") page ON page.id = o.id ORDER BY o.id DESC");
    sql.build_query_as::<Row>()
        .persistent(false)
        .fetch_all(conn)
        .await?
        .into_iter()
        .map(Order::try_from)
        .collect()
}

/// Writes a new order, its payment and the first entry of its timeline with one statement; `orders_one_per_cart` if the cart has become an
/// order already. `number` and `version` of the argument are ignored: the number follows with [`number`].
pub(crate) async fn insert(
    conn: &mut PgConnection,
    order: &Order,
    provider: &str,
    payment_state: &str,
    placed: (OrderEventId, &str),
) -> Result<(), sqlx::Error> {
    let (event, actor) = placed;
    sqlx::query!(
        r#"WITH placed AS (
             INSERT INTO orders (id, number, cart_id, user_id, guest_token_hash, email, status, payment_status, fulfillment_status, currency, subtotal, discount,
                    shipping, tax, total, coupon, shipping_method, shipping_address, billing_address, note, placed_at, updated_at,
                    prices_include_tax, included_tax, shipping_tax, shipping_method_name)
             VALUES ($1, NULL, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20, $26, $27, $28, $29)
             RETURNING id, currency, total, placed_at),
           payment AS (
             INSERT INTO payments (id, order_id, status, provider, currency, amount, created_at, updated_at)
             SELECT $21, id, $22, $23, currency, total, placed_at, placed_at FROM placed)
           INSERT INTO order_events (id, order_id, type, at, actor, message, trace_id)
           SELECT $24, id, 'order.placed', placed_at, $25, 'The order was placed.', $30 FROM placed"#,
        order.id as OrderId,
        order.cart_id as CartId,
        order.user_id as Option<UserId>,
        order.guest_token_hash,
        order.email.as_str(),
        order.status.as_str(),
        order.payment_status.as_str(),
        order.fulfillment_status.as_str(),
        order.currency.code(),
        order.subtotal,
        order.discount,
        order.shipping,
        order.tax,
        order.total,
        order.coupon,
        order.shipping_method,
        Json(&order.shipping_address) as _,
        Json(&order.billing_address) as _,
        order.note,
        order.placed_at as Timestamp,
        order.payment_id as PaymentId,
        payment_state,
        provider,
        event as OrderEventId,
        actor,
        order.prices_include_tax,
        order.included_tax,
        order.shipping_tax,
        order.shipping_method_name,
        runtime::trace::trace_id(),
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Gives a new order its number. Numbers have no gaps, so the transactions of all new orders follow each other from here to their end: this comes after
/// everything that does not need the number.
pub(crate) async fn number(conn: &mut PgConnection, id: OrderId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"UPDATE orders SET number = next_order_number() WHERE id = $1 RETURNING number AS "number!""#,
        id as OrderId
    )
    .fetch_one(conn)
    .await
}

/// Orders that have waited for their payment since before `oldest`, longest first; of bank transfers those whose time is up.
pub(crate) async fn unpaid_since(
    conn: &mut PgConnection,
    oldest: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<OrderId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT o.id AS "id: OrderId" FROM orders o JOIN payments p ON p.order_id = o.id
            WHERE o.status = 'pending' AND o.payment_status <> 'authorized' AND o.placed_at < $1 AND (p.due_at IS NULL OR p.due_at < $2)
            ORDER BY o.placed_at LIMIT $3"#,
        oldest as Timestamp,
        now as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}
