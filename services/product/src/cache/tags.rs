//! What answers are made of, and what events say has changed.

use std::fmt;
use std::str::FromStr;

use primitives::ProductId;
use serde_json::Value;

/// Something that answers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Tag {
    /// Everything is made of it.
    Everything,
    /// Which products there are, and what lists show of them.
    Products,
    /// The tree with its counts.
    Categories,
    /// One product, with its variants, pictures, stock and reviews.
    Product(ProductId),
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Products => f.write_str("products"),
            Self::Categories => f.write_str("categories"),
            Self::Product(id) => write!(f, "{id}"),
        }
    }
}

impl FromStr for Tag {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "everything" => Ok(Self::Everything),
            "products" => Ok(Self::Products),
            "categories" => Ok(Self::Categories),
            id => id.parse().map(Self::Product).map_err(drop),
        }
    }
}

/// How soon a change must be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once.
    Now,
    /// With others of its kind: a product that sells by the hundred is loaded twice a second, not a hundred times.
    Soon,
}

/// What an event says has changed.
pub(super) fn of_event(event_type: &str, data: &Value) -> (Vec<Tag>, Pace) {
    let product = |value: &Value| {
        let id = value.get("product_id")?.as_str()?.parse().ok()?;
        Some(Tag::Product(id))
    };
    let kind = event_type.split('.').next().unwrap_or_default();
    let (found, pace): (Option<Vec<Tag>>, _) = match kind {
        "product" => (
            product(data).map(|tag| vec![tag, Tag::Products, Tag::Categories]),
            Pace::Now,
        ),
        "review" => (product(data).map(|tag| vec![tag, Tag::Products]), Pace::Now),
        "inventory" => {
            let lines = data.get("lines").and_then(Value::as_array);
            let tags = match lines {
                Some(lines) => lines.iter().map(product).collect(),
                None => product(data).map(|tag| vec![tag]),
            };
            let tags = tags.map(|mut tags: Vec<Tag>| {
                tags.push(Tag::Products);
                tags
            });
            (tags, Pace::Soon)
        }
        // A category's name stands in every product of it.
        _ => (None, Pace::Now),
    };
    (found.unwrap_or_else(|| vec![Tag::Everything]), pace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_say_what_has_changed() {
        let id = "01970000-0000-7000-8000-000000000001";
        let tag = Tag::Product(id.parse().unwrap());
        assert_eq!(tag.to_string().parse(), Ok(tag));
        let line = json!({"variant_id": id, "product_id": id, "quantity": 1});
        let of = |kind, data| of_event(kind, &data);
        let product = json!({"product_id": id});
        assert_eq!(
            of("product.updated", product.clone()),
            (vec![tag, Tag::Products, Tag::Categories], Pace::Now)
        );
        assert_eq!(
            of("review.deleted", product.clone()),
            (vec![tag, Tag::Products], Pace::Now)
        );
        assert_eq!(
            of("inventory.adjusted", product),
            (vec![tag, Tag::Products], Pace::Soon)
        );
        assert_eq!(
            of("inventory.reserved", json!({"lines": [line, line]})),
            (vec![tag, tag, Tag::Products], Pace::Soon)
        );
        // What cannot be told apart is everything.
        let nameless = json!({"lines": [{"variant_id": id}]});
        assert_eq!(of("inventory.released", nameless).0, [Tag::Everything]);
        assert_eq!(of("category.changed", json!({})).0, [Tag::Everything]);
    }
}
