//! All that baskets are priced with, read at once.

use primitives::{Currency, Timestamp};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::{coupons, promotions, shipping_methods, tax_rates};
use crate::domain::coupon::Coupon;
use crate::domain::pricing::place::Place;
use crate::domain::pricing::promotion::Promotion;
use crate::domain::pricing::shipping::Method;
use crate::domain::pricing::tax::{TaxRate, TaxTable};

/// What a basket is priced with that is sent to one place.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) taxes: TaxTable,
    /// All that are active, the preferred one first, whether or not they send there.
    pub(crate) methods: Vec<Method>,
    pub(crate) promotions: Vec<Promotion>,
    /// With the code asked for; not locked.
    pub(crate) coupon: Option<Coupon>,
}

/// The terms of a place now. One statement, however many rows there are.
pub(crate) async fn find(
    conn: &mut PgConnection,
    place: &Place,
    currency: Currency,
    coupon: Option<&str>,
    now: Timestamp,
) -> Result<Terms, sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT (SELECT coalesce(jsonb_agg(t ORDER BY t.id), '[]') FROM (
                    SELECT id, country, region, tax_class, name, rate_ppm, adds, version, created_at, updated_at
                      FROM tax_rates WHERE country = $1 AND region IN ('', $2)) t) AS "taxes!: Json<Vec<tax_rates::Row>>",
                  (SELECT coalesce(jsonb_agg(m ORDER BY m.position, m.code), '[]') FROM (
                    SELECT code, name, kind, currency, price, steps, free_from, tax_class, places, except_places, position, active, version, created_at, updated_at
                      FROM shipping_methods WHERE active AND currency = $3) m) AS "methods!: Json<Vec<shipping_methods::Row>>",
                  (SELECT coalesce(jsonb_agg(p ORDER BY p.id), '[]') FROM (
                    SELECT id, name, rule, currency, min_subtotal, product_ids, category_ids, priority, exclusive, starts_at, ends_at, active, version,
                           created_at, updated_at
                      FROM promotions WHERE active AND coalesce(starts_at <= $4, true) AND coalesce(ends_at > $4, true)) p
                  ) AS "promotions!: Json<Vec<promotions::Row>>",
                  (SELECT to_jsonb(c) FROM coupons c WHERE c.code = $5) AS "coupon: Json<coupons::Row>""#,
        place.country.as_str(),
        place.region.as_deref().unwrap_or_default(),
        currency.code(),
        now as Timestamp,
        coupon,
    )
    .fetch_one(conn)
    .await?;
    let taxes: Vec<TaxRate> = found
        .taxes
        .0
        .into_iter()
        .map(|row| row.try_into().map(|stored: tax_rates::Stored| stored.rate))
        .collect::<Result<_, sqlx::Error>>()?;
    let methods = found.methods.0.into_iter();
    let promotions = found.promotions.0.into_iter();
    Ok(Terms {
        taxes: TaxTable::of(&taxes, place),
        methods: methods
            .map(|row| {
                row.try_into()
                    .map(|stored: shipping_methods::Stored| stored.method)
            })
            .collect::<Result<_, sqlx::Error>>()?,
        promotions: promotions
            .map(|row| {
                row.try_into()
                    .map(|stored: promotions::Stored| stored.promotion)
            })
            .collect::<Result<_, sqlx::Error>>()?,
        coupon: found.coupon.map(|row| row.0.try_into()).transpose()?,
    })
}
