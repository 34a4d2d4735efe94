//! Everything that one box finds: each database is asked once for what could be meant, and each question is answered by an index.

use primitives::{OrderId, ProductId, UserId};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::orders::{OrderRow, of_ids};
use super::{begins, contains, has_trigram};
use crate::domain::query::Query;

/// So many of a kind are shown …
pub(crate) const SHOWN: usize = 6;
/// … and so many are counted.
pub(crate) const COUNTED: i64 = 100;

/// What was found of a kind.
#[derive(Debug)]
pub(crate) struct Hits<T> {
    /// Those that are meant exactly first.
    pub(crate) rows: Vec<T>,
    /// How many of the rows are meant exactly: by number, name or id, not by a part of it.
    pub(crate) exact: usize,
    /// At most [`COUNTED`] and one more.
    pub(crate) total: i64,
}

impl<T> Default for Hits<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            exact: 0,
            total: 0,
        }
    }
}

impl<T> Hits<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many there are, as words.
    pub(crate) fn count(&self) -> String {
        if self.total > COUNTED {
            format!("{COUNTED}+")
        } else {
            self.total.to_string()
        }
    }

    /// Whether not all are shown.
    pub(crate) fn more(&self) -> bool {
        self.total > self.rows.len() as i64
    }
}

type Found = (Uuid, bool, i64);

/// The questions of a query as one statement: `id` and `exact` of each hit.
struct Questions(QueryBuilder<Postgres>, bool);

impl Questions {
    fn new() -> Self {
        Self(
            QueryBuilder::new(
                "SELECT id, bool_or(exact) AS exact, count(*) OVER () AS total FROM (",
            ),
            false,
        )
    }

    /// One of them: `SELECT <id>, <exact> FROM … WHERE … = `, a value, and what follows it.
    fn ask<'t, T>(&mut self, before: &str, value: T, after: &str)
    where
        T: sqlx::Encode<'t, Postgres> + sqlx::Type<Postgres>,
    {
        self.0.push(if self.1 { " UNION ALL (" } else { "(" });
        self.1 = true;
        self.0.push(before).push_bind(value).push(after).push(")");
    }

    async fn answer(mut self, conn: &mut PgConnection) -> sqlx::Result<Vec<Found>> {
        if !self.1 {
            return Ok(Vec::new());
        }
        self.0
            .push(") hits (id, exact) GROUP BY id ORDER BY bool_or(exact) DESC, id DESC LIMIT ")
            .push_bind(SHOWN as i64);
        // Planned with its values: what is rare and what is common has other plans.
        self.0
            .build_query_as()
            .persistent(false)
            .fetch_all(conn)
            .await
    }
}

/// No more is counted of what many have.
const SOME: &str = " LIMIT 101";

/// Shows what was found in the order of the answer.
fn hits<T>(found: &[Found], mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Hits<T> {
    rows.sort_by_key(|row| found.iter().position(|(hit, ..)| *hit == id(row)));
    Hits {
        rows,
        exact: found.iter().filter(|(_, exact, _)| *exact).count(),
        total: found
            .first()
            .map_or(0, |(_, _, total)| (*total).min(COUNTED + 1)),
    }
}

/// Reads what was found by a statement that takes the ids.
async fn read<T>(
    conn: &mut PgConnection,
    found: &[Found],
    sql: &'static str,
    id: impl Fn(&T) -> Uuid,
) -> sqlx::Result<Hits<T>>
where
    T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    if found.is_empty() {
        return Ok(Hits::default());
    }
    let ids: Vec<Uuid> = found.iter().map(|(id, ..)| *id).collect();
    let rows = sqlx::query_as(sql).bind(ids).fetch_all(conn).await?;
    Ok(hits(found, rows, id))
}

/// By number, id, e-mail address, SKU of a line, tracking number, or any name that the payment provider has for a payment, refund or dispute.
pub(crate) async fn orders(conn: &mut PgConnection, query: &Query) -> sqlx::Result<Hits<OrderRow>> {
    let mut ask = Questions::new();
    if let Some(number) = query.number {
        ask.ask(
            "SELECT order_id, true FROM order_numbers WHERE number = ",
            number,
            "",
        );
    }
    if let Some(id) = query.id {
        ask.ask("SELECT id, true FROM orders WHERE id = ", id, "");
        ask.ask("SELECT order_id, true FROM payments WHERE id = ", id, "");
        ask.ask("SELECT p.order_id, true FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.id = ", id, "");
        ask.ask("SELECT order_id, true FROM shipments WHERE id = ", id, "");
    }
    if let Some(code) = &query.code {
        ask.ask(
            "SELECT order_id, true FROM payments WHERE provider IN ('stripe', 'manual') AND provider_ref = ",
            code.clone(),
            "",
        );
        ask.ask(
            "SELECT order_id, true FROM payments WHERE session_ref = ",
            code.clone(),
            "",
        );
        ask.ask(
            "SELECT p.order_id, true FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.provider_ref = ",
            code.clone(),
            "",
        );
        ask.ask(
            "SELECT p.order_id, true FROM disputes d JOIN payments p ON p.id = d.payment_id WHERE d.provider_ref = ",
            code.clone(),
            "",
        );
    }
    for sku in query.skus() {
        ask.ask(
            "SELECT order_id, false FROM order_items WHERE sku = ",
            sku,
            " ORDER BY order_id DESC LIMIT 101",
        );
    }
    if !query.parcels.is_empty() {
        ask.ask(
            "SELECT order_id, true FROM shipments WHERE tracking_number = ANY (",
            query.parcels.clone(),
            ") LIMIT 101",
        );
    }
    if let Some(email) = &query.email {
        if query.is_email() {
            ask.ask(
                "SELECT id, true FROM orders WHERE email = ",
                email.clone(),
                " ORDER BY id DESC LIMIT 101",
            );
        } else {
            ask.ask(
                "SELECT id, false FROM orders WHERE email LIKE ",
                begins(email),
                " ORDER BY id DESC LIMIT 101",
            );
        }
    }
    let found = ask.answer(conn).await?;
    let ids: Vec<OrderId> = found.iter().map(|(id, ..)| (*id).into()).collect();
    if ids.is_empty() {
        return Ok(Hits::default());
    }
    let rows = of_ids(conn, &ids).await?;
    Ok(hits(&found, rows, |row| row.id.uuid()))
}

/// A product that was found.
#[derive(Debug, FromRow)]
pub(crate) struct ProductHit {
    pub(crate) id: ProductId,
    pub(crate) title: String,
    pub(crate) skus: String,
    pub(crate) status: String,
    pub(crate) picture: Option<String>,
}

/// By id, SKU or barcode, or part of its title or SKUs.
pub(crate) async fn products(
    conn: &mut PgConnection,
    query: &Query,
) -> sqlx::Result<Hits<ProductHit>> {
    let mut ask = Questions::new();
    if let Some(id) = query.id {
        ask.ask("SELECT id, true FROM products WHERE id = ", id, "");
        ask.ask(
            "SELECT product_id, true FROM product_variants WHERE id = ",
            id,
            "",
        );
    }
    if let Some(code) = &query.code {
        let code = code.to_lowercase();
        ask.ask(
            "SELECT product_id, true FROM product_variants WHERE archived_at IS NULL AND lower(sku) = ",
            code.clone(),
            SOME,
        );
        ask.ask(
            "SELECT product_id, true FROM product_variants WHERE archived_at IS NULL AND barcode IS NOT NULL AND lower(barcode) = ",
            code,
            SOME,
        );
    }
    if let Some(words) = query.words.as_ref().filter(|words| has_trigram(words)) {
        ask.ask(
            "SELECT id, false FROM products WHERE status <> 'archived' AND id IN (SELECT id FROM product_words WHERE words ILIKE ",
            contains(words),
            ") ORDER BY id DESC LIMIT 101",
        );
    }
    let found = ask.answer(&mut *conn).await?;
    read(
        conn,
        &found,
        "SELECT p.id, p.title, p.skus, p.status,
                (SELECT i.file_name FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1) AS picture
           FROM products p WHERE p.id = ANY ($1)",
        |row: &ProductHit| row.id.uuid(),
    )
    .await
}

/// Somebody who was found.
#[derive(Debug, FromRow)]
pub(crate) struct PersonHit {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) disabled: bool,
}

/// By id or e-mail address, or part of it or of the name.
pub(crate) async fn people(
    conn: &mut PgConnection,
    query: &Query,
) -> sqlx::Result<Hits<PersonHit>> {
    let mut ask = Questions::new();
    if let Some(id) = query.id {
        ask.ask("SELECT id, true FROM users WHERE id = ", id, "");
    }
    if query.is_email()
        && let Some(email) = &query.email
    {
        ask.ask(
            "SELECT id, true FROM users WHERE email = ",
            email.clone(),
            SOME,
        );
    }
    if let Some(words) = query.words.as_ref().filter(|words| has_trigram(words)) {
        ask.ask(
            "SELECT id, false FROM user_words WHERE words ILIKE ",
            contains(words),
            " ORDER BY id DESC LIMIT 101",
        );
    }
    let found = ask.answer(&mut *conn).await?;
    read(
        conn,
        &found,
        "SELECT id, email, name, role, disabled_at IS NOT NULL AS disabled FROM users WHERE id = ANY ($1)",
        |row: &PersonHit| row.id.uuid(),
    )
    .await
}

/// A coupon that was found.
#[derive(Debug, FromRow)]
pub(crate) struct CouponHit {
    pub(crate) id: Uuid,
    pub(crate) code: String,
    pub(crate) active: bool,
    pub(crate) used: i32,
}

/// By its code.
pub(crate) async fn coupons(
    conn: &mut PgConnection,
    query: &Query,
) -> sqlx::Result<Hits<CouponHit>> {
    let Some(code) = &query.code else {
        return Ok(Hits::default());
    };
    let row: Option<CouponHit> =
        sqlx::query_as("SELECT id, code, active, used FROM coupons WHERE code = $1")
            .bind(code.to_uppercase())
            .fetch_optional(conn)
            .await?;
    let rows: Vec<_> = row.into_iter().collect();
    Ok(Hits {
        exact: rows.len(),
        total: rows.len() as i64,
        rows,
    })
}
