use primitives::{PromotionId, Timestamp};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::coupons::currency;
use crate::domain::offers::{Rule, Scope, State, Terms};

/// A promotion as it is kept.
pub(crate) struct Promotion {
    pub(crate) id: PromotionId,
    pub(crate) name: String,
    pub(crate) terms: Terms,
    pub(crate) priority: i32,
    pub(crate) exclusive: bool,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) active: bool,
    pub(crate) version: i32,
    /// Its place among all.
    pub(crate) turn: i64,
}

impl Promotion {
    pub(crate) fn state(&self, now: Timestamp) -> State {
        State::of(self.active, (self.starts_at, self.ends_at), (0, None), now)
    }
}

#[derive(FromRow)]
struct Row {
    id: PromotionId,
    name: String,
    rule: Json<Rule>,
    currency: String,
    min_subtotal: Option<i64>,
    product_ids: Vec<Uuid>,
    category_ids: Vec<Uuid>,
    priority: i32,
    exclusive: bool,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    active: bool,
    version: i32,
    turn: i64,
}

impl Row {
    fn show(self) -> sqlx::Result<Promotion> {
        Ok(Promotion {
            id: self.id,
            name: self.name,
            terms: Terms {
                rule: self.rule.0,
                scope: Scope {
                    product_ids: self.product_ids,
                    category_ids: self.category_ids,
                },
                currency: currency(&self.currency)?,
                min_subtotal: self.min_subtotal,
            },
            priority: self.priority,
            exclusive: self.exclusive,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            active: self.active,
            version: self.version,
            turn: self.turn,
        })
    }
}

/// In the order in which they are applied, after the given one.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<PromotionId>,
    limit: i64,
) -> sqlx::Result<Vec<Promotion>> {
    select(
        conn,
        "turn > coalesce((SELECT turn FROM found WHERE id = $1), 0)",
        after,
        limit,
    )
    .await
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: PromotionId,
) -> sqlx::Result<Option<Promotion>> {
    Ok(select(conn, "id = $1", Some(id), 1).await?.pop())
}

/// Their turns are those among all: there are dozens of promotions, not thousands.
async fn select(
    conn: &mut PgConnection,
    which: &str,
    id: Option<PromotionId>,
    limit: i64,
) -> sqlx::Result<Vec<Promotion>> {
    let sql = format!(
        "WITH found AS (SELECT id, name, rule, currency::text AS currency, min_subtotal, product_ids, category_ids, priority, exclusive,
                               starts_at, ends_at, active, version, row_number() OVER (ORDER BY priority DESC, id) AS turn FROM promotions)
         SELECT * FROM found WHERE {which} ORDER BY turn LIMIT $2"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Row::show).collect()
}
