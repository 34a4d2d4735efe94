//! What Redis answers, as types.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use http_kit::Error;
use primitives::{CartItemId, Timestamp, VariantId};

use super::{GuestCart, Outcome};
use crate::store::cart_items::CartItem;
use crate::store::carts::Cart;

/// The script's word and, with some, the cart.
pub(super) fn outcome(answer: Vec<String>) -> http_kit::Result<Outcome> {
    let (word, fields) = answer
        .split_first()
        .ok_or_else(|| Error::internal(anyhow::anyhow!("a script answered nothing")))?;
    let whole = || cart(fields).map_err(Error::internal);
    Ok(match word.as_str() {
        "ok" => Outcome::Done(whole()?),
        "repeated" => Outcome::Repeated(whole()?),
        "sealed" => Outcome::Sealed(whole()?),
        "gone" => Outcome::Gone,
        "too_many" => Outcome::TooMany,
        "full" => Outcome::Full,
        "no_line" => Outcome::NoLine,
        "key_reused" => Outcome::KeyReused,
        other => {
            return Err(Error::internal(anyhow::anyhow!(
                "a script answered {other}"
            )));
        }
    })
}

/// A cart's hash.
pub(super) fn cart(fields: &[String]) -> anyhow::Result<GuestCart> {
    let fields: BTreeMap<&str, &str> = fields
        .chunks_exact(2)
        .map(|pair| (pair[0].as_str(), pair[1].as_str()))
        .collect();
    let items = fields
        .iter()
        .filter_map(|(name, id)| Some((name.strip_prefix("i:")?, *id)))
        .map(|(variant, id)| {
            Ok(CartItem {
                id: id.parse()?,
                product_id: read(&fields, &format!("p:{variant}"))?,
                variant_id: VariantId::from_str(variant)?,
                quantity: read(&fields, &format!("q:{variant}"))?,
                seen_price: fields
                    .get(format!("s:{variant}").as_str())
                    .map(|price| price.parse())
                    .transpose()?,
            })
        })
        .collect::<anyhow::Result<Vec<CartItem>>>()?;
    let mut guest = GuestCart {
        cart: Cart {
            id: read(&fields, "id")?,
            currency: read(&fields, "currency")?,
            coupon: fields.get("coupon").map(|code| (*code).to_owned()),
            version: read(&fields, "version")?,
        },
        items,
        created_at: time(read(&fields, "created")?),
        updated_at: time(read(&fields, "updated")?),
    };
    // Ids begin with the time at which they were made.
    guest.items.sort_unstable_by_key(|item| item.id);
    Ok(guest)
}

/// When a line was put in: its id tells.
pub(crate) fn added_at(item: CartItemId) -> Timestamp {
    let (seconds, nanos) = item
        .uuid()
        .get_timestamp()
        .map_or((0, 0), |time| time.to_unix());
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(0)) + Duration::from_nanos(nanos.into())
}

fn read<T>(fields: &BTreeMap<&str, &str>, name: &str) -> anyhow::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = fields
        .get(name)
        .ok_or_else(|| anyhow::anyhow!("a cart in Redis has no {name}"))?;
    Ok(text.parse()?)
}

fn time(millis: u64) -> Timestamp {
    Timestamp::from_unix(0) + Duration::from_millis(millis)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn bytes(hex: &str) -> http_kit::Result<Vec<u8>> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2).unwrap_or("-"), 16))
        .collect::<Result<_, _>>()
        .map_err(Error::internal)
}
