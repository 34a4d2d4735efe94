//! `tax_rates`.

use primitives::{CountryCode, TaxRateId, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::domain::pricing::place::Place;
use crate::domain::pricing::tax::{Percent, TaxRate};

/// A rate as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) rate: TaxRate,
    pub(crate) version: i32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// As [`super::terms`] reads it too.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    id: TaxRateId,
    country: String,
    region: String,
    tax_class: String,
    name: String,
    rate_ppm: i32,
    adds: bool,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Stored {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let rate = Percent::from_ppm(row.rate_ppm)
            .ok_or_else(|| sqlx::Error::Decode("a tax rate is out of range".into()))?;
        let country: CountryCode = super::parse(&row.country)?;
        Ok(Self {
            rate: TaxRate {
                id: row.id,
                place: Place::new(country, Some(&row.region)),
                tax_class: row.tax_class,
                name: row.name,
                rate,
                adds: row.adds,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Where a rate stands in lists.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    country: String,
    region: String,
    tax_class: String,
    name: String,
}

impl Position {
    pub(crate) fn of(stored: &Stored) -> Self {
        let TaxRate {
            place,
            tax_class,
            name,
            ..
        } = stored.rate.clone();
        Self {
            country: place.country.to_string(),
            region: place.region.unwrap_or_default(),
            tax_class,
            name,
        }
    }
}

/// A statement that answers whole rates; `$rest` follows the columns.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: TaxRateId", country, region, tax_class, name, rate_ppm, adds, version, created_at, updated_at FROM tax_rates "# + $rest,
            $($argument),*
        )
    };
}

/// Rates by place, class and name, after the given position.
pub(crate) async fn list(
    conn: &mut PgConnection,
    country: Option<&CountryCode>,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<Stored>, sqlx::Error> {
    let after = after.as_ref();
    select!(
        "WHERE ($1::text IS NULL OR country = $1) AND ($2::text IS NULL OR (country, region, tax_class, name) > ($2, $3, $4, $5))
         ORDER BY country, region, tax_class, name LIMIT $6",
        country.map(CountryCode::as_str),
        after.map(|a| &*a.country),
        after.map(|a| &*a.region),
        after.map(|a| &*a.tax_class),
        after.map(|a| &*a.name),
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Stored::try_from)
    .collect()
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: TaxRateId,
) -> Result<Option<Stored>, sqlx::Error> {
    select!("WHERE id = $1", id as TaxRateId)
        .fetch_optional(conn)
        .await?
        .map(Stored::try_from)
        .transpose()
}

/// Adds a rate; `tax_rates_unique` if the place, class and name have one.
pub(crate) async fn insert(conn: &mut PgConnection, stored: &Stored) -> Result<(), sqlx::Error> {
    let rate = &stored.rate;
    sqlx::query!(
        "INSERT INTO tax_rates (id, country, region, tax_class, name, rate_ppm, adds, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        rate.id as TaxRateId,
        rate.place.country.as_str(),
        rate.place.region.as_deref().unwrap_or_default(),
        rate.tax_class,
        rate.name,
        rate.rate.ppm(),
        rate.adds,
        stored.created_at as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Replaces a rate if it still has the version; `tax_rates_unique` as when it is added.
pub(crate) async fn update(
    conn: &mut PgConnection,
    stored: &Stored,
    version: i32,
) -> Result<bool, sqlx::Error> {
    let rate = &stored.rate;
    let done = sqlx::query!(
        "UPDATE tax_rates SET country = $2, region = $3, tax_class = $4, name = $5, rate_ppm = $6, adds = $7, updated_at = $8, version = version + 1
          WHERE id = $1 AND version = $9",
        rate.id as TaxRateId,
        rate.place.country.as_str(),
        rate.place.region.as_deref().unwrap_or_default(),
        rate.tax_class,
        rate.name,
        rate.rate.ppm(),
        rate.adds,
        stored.updated_at as Timestamp,
        version,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a rate and answers what it was. Orders keep their taxes. Locked first: nobody changes it after it was read.
pub(crate) async fn remove(
    conn: &mut PgConnection,
    id: TaxRateId,
) -> Result<Option<Stored>, sqlx::Error> {
    let found = select!("WHERE id = $1 FOR UPDATE", id as TaxRateId)
        .fetch_optional(&mut *conn)
        .await?
        .map(Stored::try_from)
        .transpose()?;
    sqlx::query!("DELETE FROM tax_rates WHERE id = $1", id as TaxRateId)
        .execute(conn)
        .await?;
    Ok(found)
}
