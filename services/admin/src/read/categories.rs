//! The tree of categories.

use primitives::{CategoryId, Timestamp};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};

/// A category to choose.
#[derive(FromRow)]
pub(crate) struct CategoryName {
    pub(crate) id: CategoryId,
    /// Its name, further in the deeper it lies: a list of very many stays short.
    pub(crate) label: String,
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
        "SELECT t.id, repeat('\u{a0}\u{a0}\u{a0}', t.depth::int - 1) || t.names[t.depth] AS label
           FROM (SELECT x.descendant_id AS id, count(*) AS depth, array_agg(c.name ORDER BY above.depth) AS names,
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

/// A category in the tree.
#[derive(FromRow)]
pub(crate) struct Node {
    pub(crate) id: CategoryId,
    pub(crate) parent_id: Option<CategoryId>,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) description: String,
    pub(crate) position: i32,
    pub(crate) image: Option<Value>,
    pub(crate) version: i32,
    pub(crate) depth: i64,
    /// Public products in it and in those below.
    pub(crate) products: i64,
    /// Attributes defined here.
    pub(crate) attributes: i64,
    pub(crate) children: i64,
    pub(crate) updated_at: Timestamp,
}

impl Node {
    /// The file of the smallest picture.
    pub(crate) fn picture(&self) -> Option<String> {
        let image = self.image.as_ref()?;
        image["file_name"].as_str().map(str::to_owned)
    }

    pub(crate) fn is_within(&self, parent: &Self) -> bool {
        self.parent_id == Some(parent.id)
    }

    /// Spaces that show how deep it lies, for lists that cannot be indented.
    pub(crate) fn indent(&self) -> String {
        let depth = usize::try_from(self.depth - 1).unwrap_or(0);
        "\u{2003}".repeat(depth)
    }

    pub(crate) fn alt(&self) -> String {
        let alt = self.image.as_ref().and_then(|image| image["alt"].as_str());
        alt.unwrap_or_default().to_owned()
    }
}

/// All categories, each below its parent, siblings in their order.
pub(crate) async fn tree(conn: &mut PgConnection) -> sqlx::Result<Vec<Node>> {
    sqlx::query_as(
        "WITH counted AS (
           SELECT c.ancestor_id AS id, sum(n.products)::bigint AS products
             FROM category_closure c JOIN category_counts n ON n.category_id = c.descendant_id GROUP BY 1
         ), placed AS (
           SELECT x.descendant_id AS id, count(*) AS depth, array_agg((c.position, c.name, c.id) ORDER BY above.depth) AS place
             FROM category_closure x
             JOIN categories c ON c.id = x.ancestor_id
             JOIN (SELECT descendant_id AS id, count(*) AS depth FROM category_closure GROUP BY 1) above ON above.id = c.id
            GROUP BY 1
         )
         SELECT c.id, c.parent_id, c.name, c.slug, c.description, c.position, c.image, c.version, placed.depth, c.updated_at,
                coalesce(counted.products, 0) AS products,
                (SELECT count(*) FROM category_attributes a WHERE a.category_id = c.id) AS attributes,
                (SELECT count(*) FROM categories below WHERE below.parent_id = c.id) AS children
           FROM categories c JOIN placed ON placed.id = c.id LEFT JOIN counted ON counted.id = c.id
          ORDER BY placed.place",
    )
    .fetch_all(conn)
    .await
}

/// An attribute that a category defines.
#[derive(FromRow)]
pub(crate) struct Defined {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) choices: Vec<String>,
    pub(crate) required: bool,
    pub(crate) filterable: bool,
}

pub(crate) async fn defined(
    conn: &mut PgConnection,
    category: CategoryId,
) -> sqlx::Result<Vec<Defined>> {
    sqlx::query_as(
        "SELECT key, label, kind, unit, choices, required, filterable FROM category_attributes
          WHERE category_id = $1 ORDER BY position, key",
    )
    .bind(category)
    .fetch_all(conn)
    .await
}

/// Products that lie in the category itself, whatever their status.
pub(crate) async fn products_in(
    conn: &mut PgConnection,
    category: CategoryId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM products WHERE category_id = $1")
        .bind(category)
        .fetch_one(conn)
        .await
}
