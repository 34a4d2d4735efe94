//! What categories define of their products' attributes.

use primitives::{CategoryId, ProductId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::attributes::{Kind, Rule};
use crate::domain::definition::Definition;

/// What holds for the products of a category: its own rules and those of all categories above it. They, and the category's place,
/// stay as they are until the transaction ends. Waits for whoever is changing them.
pub(crate) async fn hold_rules(
    db: &mut PgConnection,
    category: CategoryId,
) -> sqlx::Result<Vec<Rule>> {
    let mut held: Vec<Uuid> = Vec::new();
    loop {
        // Whoever had to wait for a move looks again at what is above the category now.
        let above = sqlx::query_scalar!(
            "SELECT id FROM categories WHERE id IN (SELECT ancestor_id FROM category_closure WHERE descendant_id = $1) ORDER BY id FOR SHARE",
            category.uuid()
        )
        .fetch_all(&mut *db)
        .await?;
        if above == held {
            break;
        }
        held = above;
    }
    sqlx::query_as!(
        Rule,
        r#"SELECT a.key, a.kind AS "kind: Kind", a.choices, a.required
             FROM category_closure c JOIN category_attributes a ON a.category_id = c.ancestor_id
            WHERE c.descendant_id = $1 ORDER BY a.key"#,
        category.uuid()
    )
    .fetch_all(db)
    .await
}

/// An attribute that holds for the products of a category.
#[derive(Debug, Clone)]
pub(crate) struct Defined {
    /// Where it is defined.
    pub(crate) category_id: CategoryId,
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) unit: Option<String>,
    pub(crate) choices: Vec<String>,
    pub(crate) required: bool,
    pub(crate) filterable: bool,
}

/// All that holds for the products of a category, from the top of the tree downwards, in the order in which it is shown.
pub(crate) async fn of(db: &mut PgConnection, category: CategoryId) -> sqlx::Result<Vec<Defined>> {
    sqlx::query_as!(
        Defined,
        r#"SELECT a.category_id AS "category_id: CategoryId", a.key, a.label, a.kind AS "kind: Kind", a.unit, a.choices, a.required, a.filterable
             FROM category_closure c JOIN category_attributes a ON a.category_id = c.ancestor_id
            WHERE c.descendant_id = $1
            ORDER BY (SELECT count(*) FROM category_closure d WHERE d.descendant_id = a.category_id), a.position"#,
        category.uuid()
    )
    .fetch_all(db)
    .await
}

/// Writes a category's own definitions as they shall be, in the order of the list. Who holds the category's row meanwhile waits.
pub(crate) async fn replace(
    db: &mut PgConnection,
    category: CategoryId,
    definitions: &[Definition],
) -> sqlx::Result<()> {
    let keys: Vec<String> = definitions
        .iter()
        .map(|definition| definition.key.to_string())
        .collect();
    sqlx::query!(
        "DELETE FROM category_attributes WHERE category_id = $1 AND key <> ALL($2)",
        category.uuid(),
        &keys
    )
    .execute(&mut *db)
    .await?;
    for (position, definition) in definitions.iter().enumerate() {
        let choices: Vec<String> = definition
            .choices
            .iter()
            .map(|choice| choice.to_string())
            .collect();
        sqlx::query!(
            r#"INSERT INTO category_attributes (category_id, key, label, kind, unit, choices, required, filterable, position)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (category_id, key) DO UPDATE
                 SET label = excluded.label, kind = excluded.kind, unit = excluded.unit, choices = excluded.choices,
                     required = excluded.required, filterable = excluded.filterable, position = excluded.position"#,
            category.uuid(),
            &*definition.key,
            &*definition.label,
            definition.kind.as_str(),
            definition.unit.as_deref(),
            &choices,
            definition.required,
            definition.filterable,
            i32::try_from(position).unwrap_or(i32::MAX),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// A product that is not as its category, or one above it, asks.
#[derive(Debug, Clone)]
pub(crate) struct Contradiction {
    pub(crate) product_id: ProductId,
    pub(crate) title: String,
    pub(crate) key: String,
    /// `required`, `wrong_type` or `unknown_choice`.
    pub(crate) code: String,
    /// How many there are in all.
    pub(crate) all: i64,
}

/// Some contradictions in a branch, by the same rules as [`crate::domain::attributes::check`]. There are none before a change, so
/// those found after it are its own.
pub(crate) async fn contradictions(
    db: &mut PgConnection,
    branch: CategoryId,
    limit: i64,
) -> sqlx::Result<Vec<Contradiction>> {
    sqlx::query_as!(
        Contradiction,
        r#"SELECT p.id AS "product_id: ProductId", p.title, a.key, w.code AS "code!", count(*) OVER () AS "all!"
             FROM category_closure below
             JOIN products p ON p.category_id = below.descendant_id
             JOIN category_closure above ON above.descendant_id = below.descendant_id
             JOIN category_attributes a ON a.category_id = above.ancestor_id
            CROSS JOIN LATERAL (SELECT CASE
                    WHEN NOT p.attributes ? a.key THEN CASE WHEN a.required THEN 'required' END
                    WHEN jsonb_typeof(p.attributes->a.key) <> CASE WHEN a.kind IN ('text', 'choice') THEN 'string' ELSE a.kind END THEN 'wrong_type'
                    WHEN a.kind = 'choice' AND p.attributes->>a.key <> ALL (a.choices) THEN 'unknown_choice' END AS code) w
            WHERE below.ancestor_id = $1 AND w.code IS NOT NULL
            ORDER BY p.id, a.key LIMIT $2"#,
        branch.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// A key that two categories define, one above the other.
#[derive(Debug, Clone)]
pub(crate) struct Twice {
    pub(crate) key: String,
    pub(crate) above: CategoryId,
    pub(crate) below: CategoryId,
}

/// Keys that are defined twice in a branch or above it.
pub(crate) async fn defined_twice(
    db: &mut PgConnection,
    branch: CategoryId,
) -> sqlx::Result<Vec<Twice>> {
    sqlx::query_as!(
        Twice,
        r#"SELECT a.key, a.category_id AS "above: CategoryId", b.category_id AS "below: CategoryId"
             FROM category_closure branch
             JOIN category_attributes b ON b.category_id = branch.descendant_id
             JOIN category_closure above ON above.descendant_id = b.category_id AND above.ancestor_id <> b.category_id
             JOIN category_attributes a ON a.category_id = above.ancestor_id AND a.key = b.key
            WHERE branch.ancestor_id = $1 ORDER BY a.key, b.category_id LIMIT 20"#,
        branch.uuid()
    )
    .fetch_all(db)
    .await
}
