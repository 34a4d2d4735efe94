//! `shipping_methods`.

use primitives::{Currency, Timestamp};
use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::pricing::place::Place;
use crate::domain::pricing::shipping::{Method, ShippingTax, Step, Tariff, TariffKind};

/// A method as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) method: Method,
    /// Of all its amounts.
    pub(crate) currency: Currency,
    /// The lower, the more preferred.
    pub(crate) position: i32,
    pub(crate) active: bool,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// As [`super::terms`] reads it too.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
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
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let tariff = match super::parse(&row.kind)? {
            TariffKind::Flat => Tariff::Flat(row.price),
            TariffKind::ByWeight => Tariff::ByWeight(row.steps.0),
            TariffKind::BySubtotal => Tariff::BySubtotal(row.steps.0),
        };
        let tax = row
            .tax_class
            .as_deref()
            .map_or(ShippingTax::None, ShippingTax::of_class);
        Ok(Self {
            method: Method {
                code: row.code,
                name: row.name,
                tariff,
                free_from: row.free_from,
                tax,
                places: places(&row.places)?,
                except: places(&row.except_places)?,
            },
            currency: super::parse(&row.currency)?,
            position: row.position,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn places(texts: &[String]) -> Result<Vec<Place>, sqlx::Error> {
    texts.iter().map(|text| super::parse(text)).collect()
}

/// A statement that answers whole methods; `$rest` follows the columns.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT code, name, kind, currency, price, steps AS "steps: Json<Vec<Step>>", free_from, tax_class, places, except_places, position, active,
                      version, created_at, updated_at FROM shipping_methods "# + $rest,
            $($argument),*
        )
    };
}

/// Methods by code, after the given one.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Stored>, sqlx::Error> {
    select!(
        "WHERE $1::text IS NULL OR code > $1 ORDER BY code LIMIT $2",
        after,
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
    code: &str,
) -> Result<Option<Stored>, sqlx::Error> {
    select!("WHERE code = $1", code)
        .fetch_optional(conn)
        .await?
        .map(Stored::try_from)
        .transpose()
}

/// The columns that a tariff fills.
fn columns(tariff: &Tariff) -> (i64, Json<&[Step]>) {
    match tariff {
        Tariff::Flat(price) => (*price, Json(&[])),
        Tariff::ByWeight(steps) | Tariff::BySubtotal(steps) => (0, Json(steps)),
    }
}

fn texts(places: &[Place]) -> Vec<String> {
    places.iter().map(ToString::to_string).collect()
}

/// Adds a method; `shipping_methods_pkey` if the code is taken.
pub(crate) async fn insert(conn: &mut PgConnection, stored: &Stored) -> Result<(), sqlx::Error> {
    let method = &stored.method;
    let (price, steps) = columns(&method.tariff);
    sqlx::query!(
        "INSERT INTO shipping_methods (code, name, kind, currency, price, steps, free_from, tax_class, places, except_places, position, active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        method.code,
        method.name,
        method.tariff.kind().as_str(),
        stored.currency.code(),
        price,
        steps as _,
        method.free_from,
        method.tax.as_class(),
        &texts(&method.places),
        &texts(&method.except),
        stored.position,
        stored.active,
        stored.created_at as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Replaces a method if it still has the version.
pub(crate) async fn update(
    conn: &mut PgConnection,
    stored: &Stored,
    version: i32,
) -> Result<bool, sqlx::Error> {
    let method = &stored.method;
    let (price, steps) = columns(&method.tariff);
    let done = sqlx::query!(
        "UPDATE shipping_methods SET name = $2, kind = $3, currency = $4, price = $5, steps = $6, free_from = $7, tax_class = $8, places = $9,
                except_places = $10, position = $11, active = $12, updated_at = $13, version = version + 1
          WHERE code = $1 AND version = $14",
        method.code,
        method.name,
        method.tariff.kind().as_str(),
        stored.currency.code(),
        price,
        steps as _,
        method.free_from,
        method.tax.as_class(),
        &texts(&method.places),
        &texts(&method.except),
        stored.position,
        stored.active,
        stored.updated_at as Timestamp,
        version,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a method and answers what it was. Orders keep its code and name. Locked first: nobody changes it after it was read.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    code: &str,
) -> Result<Option<Stored>, sqlx::Error> {
    let found = select!("WHERE code = $1 FOR UPDATE", code)
        .fetch_optional(&mut *conn)
        .await?
        .map(Stored::try_from)
        .transpose()?;
    sqlx::query!("DELETE FROM shipping_methods WHERE code = $1", code)
        .execute(conn)
        .await?;
    Ok(found)
}
