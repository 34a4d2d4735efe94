//! What categories define of their products' attributes.

use primitives::CategoryId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::attributes::{Kind, Rule};

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
