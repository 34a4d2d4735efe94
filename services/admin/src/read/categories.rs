//! The tree of categories.

use primitives::CategoryId;
use sqlx::{FromRow, PgConnection};

/// A category to choose.
#[derive(FromRow)]
pub(crate) struct CategoryName {
    pub(crate) id: CategoryId,
    /// With those above it, as `Home › Lamps`.
    pub(crate) path: String,
}

impl CategoryName {
    /// Whether a filter is set to it.
    pub(crate) fn is(&self, chosen: &str) -> bool {
        chosen.parse() == Ok(self.id)
    }
}

/// Categories in the order of the tree, down to a depth: 1 is the top.
pub(crate) async fn names(conn: &mut PgConnection, depth: i64) -> sqlx::Result<Vec<CategoryName>> {
    sqlx::query_as(
        "SELECT t.id, t.path
           FROM (SELECT x.descendant_id AS id, count(*) AS depth, string_agg(c.name, ' › ' ORDER BY above.depth) AS path,
                        array_agg((c.position, c.name, c.id) ORDER BY above.depth) AS place
                   FROM category_closure x
                   JOIN categories c ON c.id = x.ancestor_id
                   JOIN (SELECT descendant_id AS id, count(*) AS depth FROM category_closure GROUP BY 1) above ON above.id = c.id
                  GROUP BY x.descendant_id) t
          WHERE t.depth <= $1 ORDER BY t.place",
    )
    .bind(depth)
    .fetch_all(conn)
    .await
}
