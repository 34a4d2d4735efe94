//! `promotions`.

use primitives::{CategoryId, Currency, ProductId, PromotionId, Timestamp};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::pricing::promotion::{Conditions, Promotion, Rule};
use crate::domain::pricing::scope::Scope;

/// A promotion as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) promotion: Promotion,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// As [`super::terms`] reads it too.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    id: PromotionId,
    name: String,
    rule: Json<Rule>,
    currency: String,
    min_subtotal: Option<i64>,
    product_ids: Vec<ProductId>,
    category_ids: Vec<CategoryId>,
    priority: i32,
    exclusive: bool,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    active: bool,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            promotion: Promotion {
                id: row.id,
                name: row.name,
                rule: row.rule.0,
                conditions: Conditions {
                    active: row.active,
                    starts_at: row.starts_at,
                    ends_at: row.ends_at,
                    currency: super::parse::<Currency>(&row.currency)?,
                    min_subtotal: row.min_subtotal,
                    scope: Scope {
                        product_ids: row.product_ids,
                        category_ids: row.category_ids,
                    },
                },
                priority: row.priority,
                exclusive: row.exclusive,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A statement that answers whole promotions; `$rest` follows the columns.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: PromotionId", name, rule AS "rule: Json<Rule>", currency, min_subtotal, product_ids AS "product_ids: Vec<ProductId>",
                      category_ids AS "category_ids: Vec<CategoryId>", priority, exclusive, starts_at AS "starts_at: Timestamp",
                      ends_at AS "ends_at: Timestamp", active, version, created_at, updated_at FROM promotions "# + $rest,
            $($argument),*
        )
    };
}

/// Promotions, newest first, after the given one.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<PromotionId>,
    limit: i64,
) -> Result<Vec<Stored>, sqlx::Error> {
    select!(
        "WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
        after as Option<PromotionId>,
        limit
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Stored::try_from)
    .collect()
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: PromotionId,
) -> Result<Option<Stored>, sqlx::Error> {
    select!("WHERE id = $1", id as PromotionId)
        .fetch_optional(conn)
        .await?
        .map(Stored::try_from)
        .transpose()
}

/// Adds a promotion.
pub(crate) async fn insert(conn: &mut PgConnection, stored: &Stored) -> Result<(), sqlx::Error> {
    let promotion = &stored.promotion;
    let conditions = &promotion.conditions;
    sqlx::query!(
        "INSERT INTO promotions (id, name, kind, rule, currency, min_subtotal, product_ids, category_ids, priority, exclusive, starts_at, ends_at, active,
                created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        promotion.id as PromotionId,
        promotion.name,
        promotion.rule.kind().as_str(),
        Json(&promotion.rule) as _,
        conditions.currency.code(),
        conditions.min_subtotal,
        &conditions.scope.products(),
        &conditions.scope.categories(),
        promotion.priority,
        promotion.exclusive,
        conditions.starts_at as Option<Timestamp>,
        conditions.ends_at as Option<Timestamp>,
        conditions.active,
        stored.created_at as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Replaces a promotion if it still has the version.
pub(crate) async fn update(
    conn: &mut PgConnection,
    stored: &Stored,
    version: i32,
) -> Result<bool, sqlx::Error> {
    let promotion = &stored.promotion;
    let conditions = &promotion.conditions;
    let done = sqlx::query!(
        "UPDATE promotions SET name = $2, kind = $3, rule = $4, currency = $5, min_subtotal = $6, product_ids = $7, category_ids = $8, priority = $9,
                exclusive = $10, starts_at = $11, ends_at = $12, active = $13, updated_at = $14, version = version + 1
          WHERE id = $1 AND version = $15",
        promotion.id as PromotionId,
        promotion.name,
        promotion.rule.kind().as_str(),
        Json(&promotion.rule) as _,
        conditions.currency.code(),
        conditions.min_subtotal,
        &conditions.scope.products(),
        &conditions.scope.categories(),
        promotion.priority,
        promotion.exclusive,
        conditions.starts_at as Option<Timestamp>,
        conditions.ends_at as Option<Timestamp>,
        conditions.active,
        stored.updated_at as Timestamp,
        version,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a promotion and answers what it was. Orders keep what it took off. Locked first: nobody changes it after it was read.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    id: PromotionId,
) -> Result<Option<Stored>, sqlx::Error> {
    let found = select!("WHERE id = $1 FOR UPDATE", id as PromotionId)
        .fetch_optional(&mut *conn)
        .await?
        .map(Stored::try_from)
        .transpose()?;
    sqlx::query!("DELETE FROM promotions WHERE id = $1", id as PromotionId)
        .execute(conn)
        .await?;
    Ok(found)
}
