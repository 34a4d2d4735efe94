//! A page of products.

use std::time::Duration;

use primitives::{CategoryId, Money, ProductId, Timestamp, UserId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::detail;
use crate::read::{begins, contains, has_trigram, money};

/// Sales are counted over so many days.
pub(crate) const DAYS: u32 = 30;

/// Which products.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    /// Part of the title or of a SKU; their beginning if it is very short.
    pub(crate) q: &'a str,
    pub(crate) status: &'a str,
    /// With those below it.
    pub(crate) category: Option<CategoryId>,
    pub(crate) seller: Option<UserId>,
    pub(crate) stock: Stock,
    /// The last product of the page before.
    pub(crate) after: Option<ProductId>,
}

/// How much there must be of any of its variants.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stock {
    #[default]
    Any,
    /// As little as staff want to hear of, or nothing.
    Low,
    /// Nothing.
    Out,
}

/// A product in a list.
pub(crate) struct ProductRow {
    pub(crate) id: ProductId,
    pub(crate) seller_id: UserId,
    pub(crate) title: String,
    pub(crate) skus: String,
    pub(crate) category: String,
    pub(crate) status: String,
    pub(crate) price: String,
    pub(crate) picture: Option<String>,
    /// Of a product with just one, price and stock can be changed in the list.
    pub(crate) variants: i64,
    pub(crate) on_hand: i64,
    pub(crate) held: i64,
    pub(crate) available: i64,
    pub(crate) low: bool,
    /// Units of the last 30 days, less those of cancelled orders.
    pub(crate) sold: i64,
}

impl ProductRow {
    /// For how many days what is there lasts if it sells as in the last 30; nothing if none was sold.
    pub(crate) fn cover(&self) -> Option<i64> {
        days_of_cover(self.available, self.sold)
    }
}

/// For how many whole days `available` units last at the pace of `sold` in [`DAYS`] days.
pub(crate) fn days_of_cover(available: i64, sold: i64) -> Option<i64> {
    (sold > 0).then(|| available.max(0) * i64::from(DAYS) / sold)
}

#[derive(FromRow)]
struct Row {
    id: ProductId,
    seller_id: UserId,
    title: String,
    skus: String,
    category: Option<String>,
    status: String,
    currency: String,
    price_min: i64,
    price_max: i64,
    picture: Option<String>,
    variants: i64,
    on_hand: i64,
    reserved: i64,
    owed: i64,
    low: bool,
    sold: i64,
}

/// Newest first. One statement: the page is found first, and then what is said of its products.
pub(crate) async fn page(
    conn: &mut PgConnection,
    filter: &Filter<'_>,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<ProductRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "WITH page AS MATERIALIZED (SELECT id, seller_id, title, skus, category_id, status, currency, price_min, price_max FROM products p WHERE true",
    );
    narrow(&mut sql, filter);
    sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit).push(
        ") SELECT p.id, p.seller_id, p.title, p.skus, c.name AS category, p.status, p.currency, p.price_min, p.price_max,
                  (SELECT i.file_name FROM product_images i WHERE i.product_id = p.id ORDER BY i.position, i.id LIMIT 1) AS picture,
                  v.variants, v.on_hand, v.reserved, v.owed, v.sold,
                  EXISTS (SELECT FROM low_stock l WHERE l.product_id = p.id) AS low
             FROM page p
             LEFT JOIN categories c ON c.id = p.category_id
            CROSS JOIN LATERAL (
              SELECT count(*) AS variants,
                     coalesce(sum(l.on_hand), 0)::bigint AS on_hand, coalesce(sum(l.reserved), 0)::bigint AS reserved,
                     coalesce(sum(l.owed), 0)::bigint AS owed, coalesce(sum(m.sold), 0)::bigint AS sold
                FROM product_variants v
               CROSS JOIN LATERAL (SELECT sum(on_hand) AS on_hand, sum(reserved) AS reserved, sum(owed) AS owed
                                     FROM stock_levels WHERE variant_id = v.id) l
               CROSS JOIN LATERAL (SELECT sum(owed_delta - on_hand_delta) AS sold FROM stock_movements
                                    WHERE variant_id = v.id AND kind IN ('sell', 'restock') AND created_at >= ",
    );
    sql.push_bind(now - Duration::from_secs(u64::from(DAYS) * 24 * 3600));
    sql.push(
        ") m WHERE v.product_id = p.id AND v.archived_at IS NULL) v
            ORDER BY p.id DESC",
    );
    // Planned anew each time: which index serves depends on what is asked for.
    let rows: Vec<Row> = sql
        .build_query_as()
        .persistent(false)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Row::show).collect()
}

fn narrow(sql: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    if !filter.q.is_empty() {
        // That index knows three letters that follow each other; of fewer, only where titles and SKUs begin is looked at, in indexes of their own.
        if has_trigram(filter.q) {
            sql.push(" AND id IN (SELECT id FROM product_words WHERE words ILIKE ")
                .push_bind(contains(filter.q))
                .push(")");
        } else {
            let short: String = filter.q.to_lowercase().chars().take(2).collect();
            sql.push(" AND id IN (SELECT id FROM product_words WHERE title_begins LIKE ")
                .push_bind(begins(&short))
                .push(" OR skus_begins LIKE ")
                .push_bind(begins(&short))
                .push(")");
        }
    }
    if !filter.status.is_empty() {
        sql.push(" AND status = ").push_bind(filter.status);
    } else {
        sql.push(" AND status <> 'archived'");
    }
    if let Some(category) = filter.category {
        sql.push(
            " AND category_id IN (SELECT descendant_id FROM category_closure WHERE ancestor_id = ",
        )
        .push_bind(category)
        .push(")");
    }
    if let Some(seller) = filter.seller {
        sql.push(" AND seller_id = ").push_bind(seller);
    }
    match filter.stock {
        Stock::Any => {}
        Stock::Low => {
            sql.push(" AND EXISTS (SELECT FROM low_stock l WHERE l.product_id = p.id)");
        }
        Stock::Out => {
            sql.push(
                " AND EXISTS (SELECT FROM low_stock l WHERE l.product_id = p.id AND l.sold_out)",
            );
        }
    }
    if let Some(after) = filter.after {
        sql.push(" AND id < ").push_bind(after);
    }
}

impl Row {
    fn show(self) -> sqlx::Result<ProductRow> {
        let (min, max): (Money, Money) = (
            money(self.price_min, &self.currency)?,
            money(self.price_max, &self.currency)?,
        );
        Ok(ProductRow {
            id: self.id,
            seller_id: self.seller_id,
            title: self.title,
            skus: self.skus,
            category: self.category.unwrap_or_default(),
            status: self.status,
            price: if min == max {
                min.to_string()
            } else {
                format!("{} – {max}", detail::plain(min))
            },
            picture: self.picture,
            variants: self.variants,
            on_hand: self.on_hand,
            held: self.reserved,
            available: (self.on_hand - self.reserved - self.owed).max(0),
            low: self.low,
            sold: self.sold,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::days_of_cover;

    #[test]
    fn cover_is_what_is_there_over_what_is_sold_in_a_day() {
        assert_eq!(days_of_cover(60, 30), Some(60));
        assert_eq!(days_of_cover(1, 90), Some(0));
        assert_eq!(days_of_cover(0, 1), Some(0));
        assert_eq!(days_of_cover(-3, 1), Some(0));
        assert_eq!(days_of_cover(5, 0), None);
    }
}
