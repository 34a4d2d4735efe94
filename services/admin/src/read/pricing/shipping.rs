use primitives::{Currency, Money};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

use super::coupons::currency;
use crate::format::thousands;

/// A way of sending as it is kept.
pub(crate) struct Method {
    pub(crate) code: String,
    pub(crate) name: String,
    /// `flat`, `by_weight` or `by_subtotal`.
    pub(crate) kind: String,
    pub(crate) currency: Currency,
    /// Of a flat one.
    pub(crate) price: i64,
    /// Of the others.
    pub(crate) steps: Vec<Step>,
    pub(crate) free_from: Option<i64>,
    pub(crate) tax_class: Option<String>,
    pub(crate) places: Vec<String>,
    pub(crate) except_places: Vec<String>,
    pub(crate) position: i32,
    pub(crate) active: bool,
    pub(crate) version: i32,
}

/// The price up to a weight in grams or a sum.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Step {
    pub(crate) up_to: Option<i64>,
    pub(crate) price: i64,
}

impl Method {
    fn money(&self, amount: i64) -> String {
        thousands(&Money::new(amount, self.currency).to_string())
    }

    /// What it costs, in words, such as "4.90 EUR up to 2 kg, 12.90 EUR beyond".
    pub(crate) fn costs(&self) -> String {
        let mut words = if self.kind == "flat" {
            vec![self.money(self.price)]
        } else {
            let step = |step: &Step| {
                let price = self.money(step.price);
                match step.up_to {
                    None => format!("{price} beyond"),
                    Some(grams) if self.kind == "by_weight" => {
                        format!("{price} up to {}", weight(grams))
                    }
                    Some(sum) => format!("{price} up to {}", self.money(sum)),
                }
            };
            self.steps.iter().map(step).collect()
        };
        if let Some(from) = self.free_from {
            words.push(format!("free from {} on", self.money(from)));
        }
        words.join(", ")
    }

    /// Where it sends to, in words.
    pub(crate) fn zone(&self) -> String {
        let places = match self.places.as_slice() {
            [] => "everywhere".to_owned(),
            places => some(places),
        };
        match self.except_places.as_slice() {
            [] => places,
            except => format!("{places}, except {}", some(except)),
        }
    }
}

fn some(places: &[String]) -> String {
    match places.get(..6) {
        Some(first) if places.len() > 6 => {
            format!("{} and {} more", first.join(", "), places.len() - 6)
        }
        _ => places.join(", "),
    }
}

/// Grams as people say them: `750 g`, `2 kg`, `31.5 kg`.
pub(crate) fn weight(grams: i64) -> String {
    if grams < 1000 {
        return format!("{grams} g");
    }
    let kilos = format!("{}.{:03}", grams / 1000, grams % 1000);
    format!("{} kg", kilos.trim_end_matches('0').trim_end_matches('.'))
}

#[derive(FromRow)]
struct Row {
    code: String,
    name: String,
    kind: String,
    currency: String,
    price: i64,
    steps: Json<Vec<Step>>,
    free_from: Option<i64>,
    tax_class: Option<String>,
    places: Vec<String>,
    except_places: Vec<String>,
    position: i32,
    active: bool,
    version: i32,
}

/// More than any shop has.
const MOST: i64 = 200;

/// The preferred one first; one of them alone if its code is given.
pub(crate) async fn list(conn: &mut PgConnection, code: Option<&str>) -> sqlx::Result<Vec<Method>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT code, name, kind, currency::text AS currency, price, steps, free_from, tax_class, places, except_places, position, active, version
           FROM shipping_methods WHERE $1::text IS NULL OR code = $1 ORDER BY position, code LIMIT $2",
    )
    .bind(code)
    .bind(MOST)
    .fetch_all(conn)
    .await?;
    let show = |row: Row| {
        Ok(Method {
            currency: currency(&row.currency)?,
            code: row.code,
            name: row.name,
            kind: row.kind,
            price: row.price,
            steps: row.steps.0,
            free_from: row.free_from,
            tax_class: row.tax_class,
            places: row.places,
            except_places: row.except_places,
            position: row.position,
            active: row.active,
            version: row.version,
        })
    };
    rows.into_iter().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn weights_are_short() {
        assert_eq!(
            [0, 999, 1000, 2050, 31_500].map(weight),
            ["0 g", "999 g", "1 kg", "2.05 kg", "31.5 kg"]
        );
    }
}
