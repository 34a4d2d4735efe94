use primitives::postal::AddressForm;
use primitives::{AddressId, CountryCode, Timestamp, UserId};
use sqlx::{PgConnection, Result};

use crate::domain::address::Address;

pub(crate) async fn list(db: &mut PgConnection, user: UserId) -> Result<Vec<Address>> {
    sqlx::query_as!(
        Address,
        r#"SELECT id AS "id: AddressId", name, line1, line2, city, region, postal_code, country AS "country: CountryCode", phone,
                  is_default_shipping, is_default_billing
             FROM addresses WHERE user_id = $1 ORDER BY id"#,
        user.uuid(),
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn find(
    db: &mut PgConnection,
    user: UserId,
    id: AddressId,
) -> Result<Option<Address>> {
    sqlx::query_as!(
        Address,
        r#"SELECT id AS "id: AddressId", name, line1, line2, city, region, postal_code, country AS "country: CountryCode", phone,
                  is_default_shipping, is_default_billing
             FROM addresses WHERE user_id = $1 AND id = $2"#,
        user.uuid(),
        id.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn count(db: &mut PgConnection, user: UserId) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM addresses WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    user: UserId,
    id: AddressId,
    input: &AddressForm,
    now: Timestamp,
) -> Result<Address> {
    sqlx::query_as!(
        Address,
        r#"INSERT INTO addresses (id, user_id, name, line1, line2, city, region, postal_code, country, phone,
                                  is_default_shipping, is_default_billing, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
        RETURNING id AS "id: AddressId", name, line1, line2, city, region, postal_code, country AS "country: CountryCode", phone,
                  is_default_shipping, is_default_billing"#,
        id.uuid(),
        user.uuid(),
        input.name,
        input.line1,
        input.line2,
        input.city,
        input.region,
        input.postal_code,
        input.country.as_str(),
        input.phone,
        input.is_default_shipping.unwrap_or_default(),
        input.is_default_billing.unwrap_or_default(),
        now as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Replaces all of an address; the defaults stay as they are unless told.
pub(crate) async fn update(
    db: &mut PgConnection,
    user: UserId,
    id: AddressId,
    input: &AddressForm,
    now: Timestamp,
) -> Result<Option<Address>> {
    sqlx::query_as!(
        Address,
        r#"UPDATE addresses SET name = $3, line1 = $4, line2 = $5, city = $6, region = $7, postal_code = $8, country = $9, phone = $10,
                  is_default_shipping = coalesce($11, is_default_shipping), is_default_billing = coalesce($12, is_default_billing),
                  updated_at = $13
            WHERE user_id = $2 AND id = $1
        RETURNING id AS "id: AddressId", name, line1, line2, city, region, postal_code, country AS "country: CountryCode", phone,
                  is_default_shipping, is_default_billing"#,
        id.uuid(),
        user.uuid(),
        input.name,
        input.line1,
        input.line2,
        input.city,
        input.region,
        input.postal_code,
        input.country.as_str(),
        input.phone,
        input.is_default_shipping,
        input.is_default_billing,
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
}

/// Makes room for another default.
pub(crate) async fn clear_defaults(
    db: &mut PgConnection,
    user: UserId,
    shipping: bool,
    billing: bool,
    but: AddressId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE addresses SET is_default_shipping = is_default_shipping AND NOT $2, is_default_billing = is_default_billing AND NOT $3
          WHERE user_id = $1 AND id <> $4 AND (is_default_shipping AND $2 OR is_default_billing AND $3)",
        user.uuid(),
        shipping,
        billing,
        but.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there was one. The newest of the others becomes the default that it was.
pub(crate) async fn delete(db: &mut PgConnection, user: UserId, id: AddressId) -> Result<bool> {
    let deleted = sqlx::query!(
        "DELETE FROM addresses WHERE user_id = $1 AND id = $2 RETURNING is_default_shipping, is_default_billing",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(deleted) = deleted else {
        return Ok(false);
    };
    if deleted.is_default_shipping || deleted.is_default_billing {
        sqlx::query!(
            "UPDATE addresses SET is_default_shipping = is_default_shipping OR $2, is_default_billing = is_default_billing OR $3
              WHERE id = (SELECT id FROM addresses WHERE user_id = $1 ORDER BY id DESC LIMIT 1)",
            user.uuid(),
            deleted.is_default_shipping,
            deleted.is_default_billing,
        )
        .execute(db)
        .await?;
    }
    Ok(true)
}
