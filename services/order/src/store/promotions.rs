//! `promotions`.

use primitives::{CategoryId, Currency, ProductId, PromotionId, Timestamp};
use serde::Deserialize;
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
