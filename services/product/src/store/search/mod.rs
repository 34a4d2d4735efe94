//! Searching the public list: what the words mean, which products match, how many of them there are of each kind.
//!
//! The statements of `page` and `facets` are put together at run time, so that the planner sees only the conditions that were
//! asked for, with their values; for the same reason they are never kept prepared.

pub(crate) mod facets;
pub(crate) mod page;
pub(crate) mod resolve;
pub(crate) mod suggest;
pub(crate) mod understand;
pub(crate) mod upkeep;

use sqlx::{Postgres, QueryBuilder};

use crate::domain::search::facets::Narrowed;
use understand::Meaning;

/// One condition on `product_search s`.
enum Condition<'a> {
    Text(&'a str),
    Categories(&'a [uuid::Uuid]),
    Prices(Option<i64>, Option<i64>),
    Rating(i32),
    Seller(uuid::Uuid),
    InStock,
    Codes(&'a [i64]),
}

impl Condition<'_> {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Text(query) => {
                sql.push("s.words @@ ").push_bind((*query).to_owned());
                sql.push("::tsquery");
            }
            // One alone is read from its index in the order of the ids.
            Self::Categories([id]) => {
                sql.push("s.category_id = ").push_bind(*id);
            }
            Self::Categories(ids) => {
                sql.push("s.category_id = ANY(").push_bind(ids.to_vec());
                sql.push(")");
            }
            Self::Prices(min, max) => {
                sql.push("true");
                if let Some(min) = min {
                    sql.push(" AND s.price_max >= ").push_bind(*min);
                }
                if let Some(max) = max {
                    sql.push(" AND s.price_min <= ").push_bind(*max);
                }
            }
            Self::Rating(least) => {
                sql.push("s.rating >= ").push_bind(*least);
            }
            Self::Seller(id) => {
                sql.push("s.seller_id = ").push_bind(*id);
            }
            Self::InStock => {
                sql.push("s.in_stock");
            }
            Self::Codes(codes) => {
                sql.push("s.codes && ").push_bind(codes.to_vec());
            }
        }
    }
}

/// What words ask for, if any.
fn text(meaning: Option<&Meaning>) -> Option<Condition<'_>> {
    meaning.map(|meaning| Condition::Text(&meaning.query))
}

/// What filters ask for, one condition each.
fn filters(narrowed: &Narrowed) -> Vec<Condition<'_>> {
    let mut list: Vec<Condition<'_>> = Vec::new();
    list.extend(narrowed.categories.as_deref().map(Condition::Categories));
    if narrowed.min_price.is_some() || narrowed.max_price.is_some() {
        list.push(Condition::Prices(narrowed.min_price, narrowed.max_price));
    }
    list.extend(narrowed.rating.map(Condition::Rating));
    list.extend(narrowed.seller.map(Condition::Seller));
    list.extend(narrowed.in_stock.then_some(Condition::InStock));
    list.extend(
        narrowed
            .attributes
            .iter()
            .map(|(_, codes)| Condition::Codes(codes)),
    );
    list
}

/// ` WHERE a AND b`, or nothing.
fn push_where(sql: &mut QueryBuilder<Postgres>, conditions: &[Condition<'_>]) {
    for (number, condition) in conditions.iter().enumerate() {
        sql.push(if number == 0 { " WHERE (" } else { " AND (" });
        condition.push(sql);
        sql.push(")");
    }
}
