//! Finding the category that a cell names.

use std::collections::HashMap;

use primitives::CategoryId;

/// A category, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) id: CategoryId,
    pub(crate) parent_id: Option<CategoryId>,
    pub(crate) slug: String,
    pub(crate) name: String,
}

/// All categories by what people call them: a slug (`shirts`), a path of slugs (`clothing/shirts`), a path of names
/// (`Clothing > Shirts`), or a name that only one category has.
#[derive(Debug, Default)]
pub(crate) struct Places(HashMap<String, Option<CategoryId>>);

impl Places {
    pub(crate) fn new(list: &[Place]) -> Self {
        let by_id: HashMap<CategoryId, &Place> =
            list.iter().map(|place| (place.id, place)).collect();
        let mut found = HashMap::new();
        for place in list {
            let mut above = place.parent_id.and_then(|id| by_id.get(&id));
            let (mut slugs, mut names) = (place.slug.clone(), key(&place.name));
            // A tree has no circles, but this must end if it had.
            for _ in 0..crate::domain::category::MAX_DEPTH {
                let Some(parent) = above else { break };
                slugs = format!("{}/{slugs}", parent.slug);
                names = format!("{}>{names}", key(&parent.name));
                above = parent.parent_id.and_then(|id| by_id.get(&id));
            }
            found.insert(slugs, Some(place.id));
            found.insert(names, Some(place.id));
        }
        // Weaker than whole paths: names alone, unless two categories share one; stronger: slugs, which are unique.
        let mut names = HashMap::<String, Option<CategoryId>>::new();
        for place in list {
            names
                .entry(key(&place.name))
                .and_modify(|id| *id = None)
                .or_insert(Some(place.id));
        }
        for (name, id) in names {
            found.entry(name).or_insert(id);
        }
        found.extend(
            list.iter()
                .map(|place| (place.slug.clone(), Some(place.id))),
        );
        Self(found)
    }

    /// The category that a cell names.
    pub(crate) fn find(&self, text: &str) -> Option<CategoryId> {
        let known = |text: &str| self.0.get(text).copied().flatten();
        known(text).or_else(|| known(&key(text)))
    }
}

/// A path of names as it is compared: small letters, single spaces, none around `>`.
fn key(text: &str) -> String {
    let parts = text.split('>').map(|part| {
        part.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase()
    });
    parts.collect::<Vec<_>>().join(">")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: u128, parent: Option<u128>, slug: &str, name: &str) -> Place {
        let id = |n| CategoryId::from(uuid::Uuid::from_u128(n));
        Place {
            id: id(n),
            parent_id: parent.map(id),
            slug: slug.to_owned(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_category_has_several_names() {
        let places = Places::new(&[
            place(1, None, "clothing", "Clothing & more"),
            place(2, Some(1), "shirts", "Shirts"),
            place(3, None, "dolls", "Dolls"),
            place(4, Some(3), "doll-shirts", "Shirts"),
        ]);
        let find = |text| places.find(text).map(|id| id.uuid().as_u128());
        for (text, id) in [
            ("shirts", 2),
            ("clothing/shirts", 2),
            ("clothing & More >  Shirts", 2),
            ("dolls/doll-shirts", 4),
            ("Dolls > Shirts", 4),
            ("DOLLS", 3),
        ] {
            assert_eq!(find(text), Some(id), "{text}");
        }
        assert_eq!(
            (find("Shirts >"), find("hats"), find("shirts/clothing")),
            (None, None, None)
        );
    }
}
