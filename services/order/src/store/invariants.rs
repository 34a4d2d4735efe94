//! What must hold in this database at every instant, each rule as a query that finds what breaks it.
//!
//! Every query answers `(subject, problem)`. Those of [`Scope::Orders`] look at the orders with `$1 < id <= $2` and at what belongs to them, so that a
//! database of any size is read in bites; their number does not depend on it. The queries are data, so they are not checked when compiled: a test breaks
//! each rule on purpose.

use sqlx::PgConnection;
use uuid::Uuid;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Orders,
    /// The whole database at once.
    All,
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Invariant {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
    pub(crate) scope: Scope,
    sql: &'static str,
}

/// Where a rule does not hold.
#[derive(Debug)]
pub(crate) struct Breach {
    pub(crate) subject: String,
    pub(crate) problem: String,
}

const fn orders(name: &'static str, says: &'static str, sql: &'static str) -> Invariant {
    Invariant {
        name,
        says,
        scope: Scope::Orders,
        sql,
    }
}

const fn all(name: &'static str, says: &'static str, sql: &'static str) -> Invariant {
    Invariant {
        name,
        says,
        scope: Scope::All,
        sql,
    }
}

/// All rules.
pub(crate) const INVARIANTS: &[Invariant] = &[
    orders(
        "order_adds_up",
        "An order's total is its subtotal less discount, with shipping and tax.",
        "SELECT 'order:' || id, format('%s - %s + %s + %s is not %s', subtotal, discount, shipping, tax, total)
           FROM orders WHERE id > $1 AND id <= $2 AND total <> subtotal - discount + shipping + tax",
    ),
    orders(
        "lines_make_the_order",
        "The lines of an order and its shipping add up to its subtotal, discount, taxes and total.",
        "SELECT 'order:' || o.id, format('lines and shipping: %s, discount %s, tax %s, included %s, total %s; order: %s, %s, %s, %s, %s',
                l.subtotal, l.discount, l.tax + s.added, l.included_tax + s.included, l.total + o.shipping + s.added,
                o.subtotal, o.discount, o.tax, o.included_tax, o.total)
           FROM orders o
           CROSS JOIN LATERAL (SELECT CASE WHEN o.prices_include_tax THEN 0 ELSE o.shipping_tax END AS added,
                                      CASE WHEN o.prices_include_tax THEN o.shipping_tax ELSE 0 END AS included) s
           CROSS JOIN LATERAL (SELECT coalesce(sum(unit_price * quantity), 0) AS subtotal, coalesce(sum(discount), 0) AS discount,
                                      coalesce(sum(tax), 0) AS tax, coalesce(sum(included_tax), 0) AS included_tax, coalesce(sum(total), 0) AS total
                                 FROM order_items WHERE order_id = o.id) l
          WHERE o.id > $1 AND o.id <= $2
            AND (l.subtotal, l.discount, l.tax + s.added, l.included_tax + s.included, l.total + o.shipping + s.added)
                IS DISTINCT FROM (o.subtotal, o.discount, o.tax, o.included_tax, o.total)",
    ),
    orders(
        "adjustments_make_the_discount",
        "What promotions and the coupon took off a line is its discount.",
        "SELECT 'order_item:' || i.id, format('discount %s, adjustments %s', i.discount, a.amount)
           FROM order_items i
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM order_adjustments WHERE order_id = i.order_id AND order_item_id = i.id) a
          WHERE i.order_id > $1 AND i.order_id <= $2 AND i.discount <> a.amount",
    ),
    orders(
        "taxes_make_the_tax",
        "The taxes of a line, and those of shipping, are what it is taxed.",
        "SELECT 'order_item:' || i.id, format('tax %s, taxes %s', i.tax + i.included_tax, t.amount)
           FROM order_items i
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM order_taxes WHERE order_id = i.order_id AND order_item_id = i.id) t
          WHERE i.order_id > $1 AND i.order_id <= $2 AND i.tax + i.included_tax <> t.amount
         UNION ALL
         SELECT 'order:' || o.id, format('tax of shipping %s, taxes %s', o.shipping_tax, t.amount)
           FROM orders o
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM order_taxes WHERE order_id = o.id AND order_item_id IS NULL) t
          WHERE o.id > $1 AND o.id <= $2 AND o.shipping_tax <> t.amount",
    ),
    orders(
        "order_has_one_payment",
        "An order has one payment, of its total and currency.",
        "SELECT 'order:' || o.id, coalesce(format('total %s %s, payment %s %s', o.total, o.currency, p.amount, p.currency), 'no payment')
           FROM orders o LEFT JOIN payments p ON p.order_id = o.id
          WHERE o.id > $1 AND o.id <= $2 AND (p.amount, p.currency) IS DISTINCT FROM (o.total, o.currency)
         UNION ALL
         SELECT 'order:' || order_id, count(*) || ' payments'
           FROM payments WHERE order_id > $1 AND order_id <= $2 GROUP BY order_id HAVING count(*) > 1",
    ),
    orders(
        "refunds_make_the_refunded",
        "What a payment says was given back is the sum of its refunds that succeeded.",
        "SELECT 'payment:' || p.id, format('says %s, refunds %s', p.amount_refunded, r.done)
           FROM payments p
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS done FROM refunds WHERE payment_id = p.id AND status = 'succeeded') r
          WHERE p.order_id > $1 AND p.order_id <= $2 AND p.amount_refunded <> r.done",
    ),
    orders(
        "refunds_within_the_charge",
        "Refunds, done and under way, are at most what was taken.",
        "SELECT 'payment:' || p.id, format('taken %s, refunds %s', p.amount_captured, r.amount)
           FROM payments p
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM refunds WHERE payment_id = p.id AND status IN ('pending', 'succeeded')) r
          WHERE p.order_id > $1 AND p.order_id <= $2
            AND r.amount > p.amount_captured",
    ),
    orders(
        "payment_status_fits_its_money",
        "A payment succeeded when money was taken, at most what was asked for, and is refunded, or in part, when that much of it went back.",
        "SELECT 'payment:' || id, format('%s with %s of %s taken and %s given back', status, amount_captured, amount, amount_refunded)
           FROM payments
          WHERE order_id > $1 AND order_id <= $2
            AND NOT CASE status
                      WHEN 'succeeded' THEN amount_refunded = 0 AND amount_captured BETWEEN least(1, amount) AND amount
                      WHEN 'partially_refunded' THEN amount_refunded BETWEEN 1 AND amount_captured - 1
                      WHEN 'refunded' THEN amount_refunded = amount_captured AND amount_captured > 0
                      ELSE amount_captured = 0 AND amount_refunded = 0 END",
    ),
    orders(
        "order_shows_its_payment",
        "An order's payment status is what its payment and its disputes say.",
        "SELECT 'order:' || o.id, format('shows %s, the payment is %s: taken %s, given back %s, kept by banks %s',
                o.payment_status, p.status, p.amount_captured, p.amount_refunded, o.charged_back)
           FROM orders o JOIN payments p ON p.order_id = o.id
          WHERE o.id > $1 AND o.id <= $2 AND p.amount > 0
            AND NOT CASE o.payment_status
                      WHEN 'paid' THEN p.amount_captured > 0 AND p.amount_refunded + o.charged_back = 0
                      WHEN 'partially_refunded' THEN p.amount_refunded + o.charged_back BETWEEN 1 AND p.amount_captured - 1
                      WHEN 'refunded' THEN p.amount_captured > 0 AND p.amount_refunded + o.charged_back >= p.amount_captured
                      WHEN 'authorized' THEN p.status IN ('authorized', 'cancelled')
                      ELSE p.amount_captured = 0 END",
    ),
    orders(
        "order_shows_its_disputes",
        "What banks kept of an order is what its lost disputes say, and it is disputed only while one is open.",
        "SELECT 'order:' || o.id, format('kept by banks %s, lost %s; disputed %s, open %s', o.charged_back, d.lost, o.disputed, d.open)
           FROM orders o JOIN payments p ON p.order_id = o.id
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE state = 'lost'), 0) AS lost, count(*) FILTER (WHERE state = 'open') AS open
                                 FROM disputes WHERE payment_id = p.id) d
          WHERE o.id > $1 AND o.id <= $2 AND (o.charged_back <> d.lost OR (o.disputed AND d.open = 0))",
    ),
    orders(
        "paid_is_served_or_given_back",
        "Every paid order is confirmed, or all of its money goes back, or staff were told of the refund that did not succeed.",
        "SELECT 'order:' || o.id, format('%s: taken %s, given back or on its way %s, failed with a work item %s', o.status, p.amount_captured, r.amount, r.told)
           FROM orders o JOIN payments p ON p.order_id = o.id
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE status IN ('pending', 'succeeded')), 0) AS amount,
                                      coalesce(sum(amount) FILTER (WHERE status IN ('failed', 'reversed') AND EXISTS (
                                        SELECT FROM work_items w WHERE w.kind IN ('refund_failed', 'refund_bounced') AND w.subject = 'refund:' || f.id)), 0) AS told
                                 FROM refunds f WHERE payment_id = p.id) r
          WHERE o.id > $1 AND o.id <= $2 AND p.amount_captured > 0
            AND (o.status = 'pending'
              OR (o.status = 'cancelled' AND NOT o.disputed AND NOT p.amount_captured - r.amount - o.charged_back BETWEEN 0 AND r.told))",
    ),
    orders(
        "confirmed_is_paid",
        "What is confirmed is paid, its money is held, or it costs nothing.",
        "SELECT 'order:' || o.id, format('%s, the payment is %s', o.status, p.status)
           FROM orders o JOIN payments p ON p.order_id = o.id
          WHERE o.id > $1 AND o.id <= $2 AND o.status IN ('confirmed', 'completed') AND o.total > 0
            AND p.amount_captured = 0 AND NOT (o.status = 'confirmed' AND p.status = 'authorized')",
    ),
    orders(
        "cancelled_cannot_be_paid",
        "A payment of a cancelled order is over, or is being stopped.",
        "SELECT 'payment:' || p.id, format('%s, the order is cancelled', p.status)
           FROM orders o JOIN payments p ON p.order_id = o.id
          WHERE o.id > $1 AND o.id <= $2 AND o.status = 'cancelled' AND p.provider <> 'none'
            AND p.status IN ('requires_payment', 'processing', 'authorized', 'failed')
            AND NOT EXISTS (SELECT FROM payment_cancellations c WHERE c.payment_id = p.id)",
    ),
    orders(
        "completed_is_delivered",
        "A completed order is delivered.",
        "SELECT 'order:' || id, format('completed and %s', fulfillment_status)
           FROM orders WHERE id > $1 AND id <= $2 AND status = 'completed' AND fulfillment_status NOT IN ('delivered', 'returned')",
    ),
    orders(
        "timeline_tells_it",
        "The timeline tells once of an order's placing, confirmation and cancellation, when there was one.",
        "SELECT 'order:' || o.id, format('%s stands %s times in the timeline', e.type, e.count)
           FROM orders o
           CROSS JOIN LATERAL (SELECT kind.type, kind.happened, count(t.id)
                                 FROM (VALUES ('order.confirmed', o.confirmed_at IS NOT NULL), ('order.cancelled', o.cancelled_at IS NOT NULL)) AS kind (type, happened)
                                 LEFT JOIN order_events t ON t.order_id = o.id AND t.type = kind.type
                                GROUP BY kind.type, kind.happened) e
          WHERE o.id > $1 AND o.id <= $2 AND e.count <> CASE WHEN e.happened THEN 1 ELSE 0 END",
    ),
    orders(
        "shipped_is_in_parcels",
        "As many units of a line are shipped as its parcels hold, and not more than were bought.",
        "SELECT 'order_item:' || i.id, format('bought %s, shipped %s, in parcels %s', i.quantity, i.shipped, s.units)
           FROM order_items i
           CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS units FROM shipment_items WHERE order_item_id = i.id) s
          WHERE i.order_id > $1 AND i.order_id <= $2 AND (i.shipped <> s.units OR i.shipped > i.quantity)",
    ),
    orders(
        "returned_came_back",
        "As many units of a line are returned as its returns received, and not more than were shipped.",
        "SELECT 'order_item:' || i.id, format('shipped %s, returned %s, received %s', i.shipped, i.returned, r.units)
           FROM order_items i
           CROSS JOIN LATERAL (SELECT coalesce(sum(received), 0) AS units FROM return_items WHERE order_item_id = i.id) r
          WHERE i.order_id > $1 AND i.order_id <= $2 AND (i.returned <> r.units OR i.returned > i.shipped)",
    ),
    orders(
        "order_shows_its_parcels",
        "An order's fulfilment status is what its parcels say.",
        "SELECT 'order:' || o.id, format('shows %s, shipped %s of %s', o.fulfillment_status, l.shipped, l.bought)
           FROM orders o
           CROSS JOIN LATERAL (SELECT coalesce(sum(shipped), 0) AS shipped, coalesce(sum(quantity), 0) AS bought FROM order_items WHERE order_id = o.id) l
          WHERE o.id > $1 AND o.id <= $2
            AND NOT CASE o.fulfillment_status
                      WHEN 'unfulfilled' THEN l.shipped = 0
                      WHEN 'partially_shipped' THEN l.shipped BETWEEN 1 AND l.bought - 1
                      WHEN 'returned' THEN l.shipped > 0
                      ELSE l.shipped = l.bought END",
    ),
    orders(
        "postings_balance",
        "The sides of a posting sum to zero, in one currency, of one payment.",
        "SELECT 'posting:' || posting_id, format('sums to %s', sum(amount))
           FROM ledger_entries WHERE order_id > $1 AND order_id <= $2
          GROUP BY posting_id
         HAVING sum(amount) <> 0 OR count(*) < 2 OR count(DISTINCT (payment_id, kind, currency, reference)) <> 1",
    ),
    orders(
        "postings_are_of_their_payment",
        "A posting has the order and the currency of its payment; fees have that of the provider's account.",
        "SELECT 'posting:' || l.posting_id, format('is of order %s in %s, the payment of order %s in %s', l.order_id, l.currency, p.order_id, p.currency)
           FROM ledger_entries l JOIN payments p ON p.id = l.payment_id
          WHERE l.order_id > $1 AND l.order_id <= $2 AND (l.order_id <> p.order_id OR (l.currency <> p.currency AND l.kind <> 'fee'))",
    ),
    orders(
        "charges_are_posted",
        "What a payment took is in the ledger, once.",
        "SELECT 'payment:' || p.id, format('took %s, posted %s', p.amount_captured, l.posted)
           FROM payments p
           CROSS JOIN LATERAL (SELECT coalesce(-sum(amount), 0) AS posted FROM ledger_entries
                                WHERE order_id = p.order_id AND payment_id = p.id AND account = 'sales' AND kind IN ('charge', 'capture')) l
          WHERE p.order_id > $1 AND p.order_id <= $2 AND p.amount_captured <> l.posted",
    ),
    orders(
        "refunds_are_posted",
        "What went back is in the ledger, once.",
        "SELECT 'payment:' || p.id, format('gave back %s, posted %s', p.amount_refunded, l.posted)
           FROM payments p
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS posted FROM ledger_entries
                                WHERE order_id = p.order_id AND payment_id = p.id AND account = 'refunds') l
          WHERE p.order_id > $1 AND p.order_id <= $2 AND p.amount_refunded <> l.posted",
    ),
    orders(
        "disputes_are_posted",
        "What a bank took and kept is in the ledger, and what it gave back is there again.",
        "SELECT 'dispute:' || d.id, format('%s %s, posted: held by banks %s, kept %s', d.state, d.amount, l.held, l.kept)
           FROM payments p JOIN disputes d ON d.payment_id = p.id
           CROSS JOIN LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE account = 'disputes'), 0) AS held,
                                      coalesce(sum(amount) FILTER (WHERE account = 'chargebacks'), 0) AS kept
                                 FROM ledger_entries WHERE order_id = p.order_id AND reference = d.id::text) l
          WHERE p.order_id > $1 AND p.order_id <= $2
            AND (l.kept <> CASE d.state WHEN 'lost' THEN d.amount ELSE 0 END OR l.held <> CASE WHEN d.state = 'open' THEN l.held ELSE 0 END)",
    ),
    all(
        "coupon_uses_are_counted",
        "A coupon was used as often as orders have it, and not more often than it may be.",
        "SELECT 'coupon:' || c.id, format('counts %s, orders %s, limit %s', c.used, r.orders, coalesce(c.usage_limit::text, 'none'))
           FROM coupons c
           CROSS JOIN LATERAL (SELECT count(*) AS orders FROM coupon_redemptions WHERE coupon_id = c.id) r
          WHERE $1 < $2 AND (c.used <> r.orders OR c.used > c.usage_limit)",
    ),
    all(
        "numbers_have_no_gaps",
        "Every order has a number of its own, and none between the first and the last is missing.",
        "SELECT 'order:' || o.id, format('number %s, registered %s', coalesce(o.number::text, 'none'), coalesce(n.number::text, 'none'))
           FROM orders o LEFT JOIN order_numbers n ON n.order_id = o.id
          WHERE $1 < $2 AND (n.number IS NULL OR o.number <> n.number)
         UNION ALL
         SELECT 'numbers', format('%s from %s to %s, the counter is at %s', n.count, n.first, n.last, c.last)
           FROM (SELECT count(*), min(number) AS first, max(number) AS last FROM order_numbers) n, order_counter c
          WHERE n.count <> n.last - n.first + 1 OR n.last <> c.last",
    ),
    all(
        "a_cart_became_one_order",
        "Every order is the only one of its cart.",
        "SELECT 'order:' || o.id, format('cart %s became order %s', o.cart_id, coalesce(c.order_id::text, 'none'))
           FROM orders o LEFT JOIN order_carts c ON c.cart_id = o.cart_id
          WHERE $1 < $2 AND c.order_id IS DISTINCT FROM o.id",
    ),
    all(
        "books_balance",
        "All accounts together sum to zero, in every currency.",
        "SELECT 'ledger:' || currency, format('sums to %s', sum(amount)) FROM ledger_entries WHERE $1 < $2 GROUP BY currency HAVING sum(amount) <> 0",
    ),
];

/// Begins a transaction that sees one instant and changes nothing.
pub(crate) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A big database takes longer than a request may.
pub(crate) async fn take_time(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET LOCAL statement_timeout = 0")
        .execute(conn)
        .await?;
    Ok(())
}

/// The last of the next `limit` orders, and how many there are.
pub(crate) async fn next_orders(
    conn: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Option<(Uuid, i64)>> {
    let next = sqlx::query!(
        r#"SELECT id, position AS "position!"
             FROM (SELECT id, row_number() OVER (ORDER BY id) AS position FROM orders WHERE id > $1 ORDER BY id LIMIT $2) next
            ORDER BY id DESC LIMIT 1"#,
        after,
        limit
    )
    .fetch_optional(conn)
    .await?;
    Ok(next.map(|row| (row.id, row.position)))
}

/// Where a rule does not hold, among the orders between the bounds if it is about orders.
pub(crate) async fn breaches(
    conn: &mut PgConnection,
    invariant: &Invariant,
    (after, until): (Uuid, Uuid),
) -> sqlx::Result<Vec<Breach>> {
    let rows: Vec<(String, String)> = sqlx::query_as(invariant.sql)
        .bind(after)
        .bind(until)
        .fetch_all(conn)
        .await?;
    let breach = |(subject, problem)| Breach { subject, problem };
    Ok(rows.into_iter().map(breach).collect())
}
