//! What a category defines of its products' attributes.

use std::collections::BTreeSet;

use super::attributes::Kind;
use super::product::Wrong;
use super::text::{Choice, Key, Label, Unit};

/// The most attributes that a category may define.
const MAX_DEFINITIONS: usize = 50;
/// The most choices that an attribute may have.
const MAX_CHOICES: usize = 200;

/// An attribute that products of a category have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) key: Key,
    pub(crate) label: Label,
    pub(crate) kind: Kind,
    pub(crate) unit: Option<Unit>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) required: bool,
    pub(crate) filterable: bool,
}

/// Checks a category's own definitions; all that is wrong is found at once.
pub(crate) fn check(definitions: &[Definition]) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut push = |field: String, code: &'static str, message: String| {
        wrong.push(Wrong {
            field,
            code,
            message,
        });
    };
    if definitions.len() > MAX_DEFINITIONS {
        let message = format!("must be at most {MAX_DEFINITIONS}");
        push("attributes".to_owned(), "too_many", message);
    }
    let mut keys = BTreeSet::new();
    for (index, definition) in definitions.iter().enumerate() {
        let field = |name: &str| format!("attributes[{index}].{name}");
        if !keys.insert(&*definition.key) {
            let message = "must differ from the other keys".to_owned();
            push(field("key"), "duplicate", message);
        }
        if definition.unit.is_some() && definition.kind != Kind::Number {
            let message = "belongs to a number".to_owned();
            push(field("unit"), "not_allowed", message);
        }
        let choices: BTreeSet<&str> = definition.choices.iter().map(|choice| &**choice).collect();
        match (definition.kind, choices.len()) {
            (Kind::Choice, 0) => {
                let message = "must have at least one".to_owned();
                push(field("choices"), "required", message);
            }
            (Kind::Choice, different) => {
                if different < definition.choices.len() {
                    let message = "must not name a choice twice".to_owned();
                    push(field("choices"), "duplicate", message);
                }
                if definition.choices.len() > MAX_CHOICES {
                    let message = format!("must be at most {MAX_CHOICES}");
                    push(field("choices"), "too_many", message);
                }
            }
            (_, 0) => {}
            (_, _) => {
                let message = "belong to an attribute of kind choice".to_owned();
                push(field("choices"), "not_allowed", message);
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(key: &str, kind: Kind, choices: &[&str], unit: Option<&str>) -> Definition {
        Definition {
            key: key.to_owned().try_into().unwrap(),
            label: key.to_owned().try_into().unwrap(),
            kind,
            unit: unit.map(|unit| unit.to_owned().try_into().unwrap()),
            choices: choices
                .iter()
                .map(|choice| (*choice).to_owned().try_into().unwrap())
                .collect(),
            required: false,
            filterable: true,
        }
    }

    #[test]
    fn definitions_make_sense() {
        let good = [
            definition("size", Kind::Choice, &["S", "M"], None),
            definition("weight", Kind::Number, &[], Some("kg")),
        ];
        assert_eq!(check(&good), []);
        let bad = [
            definition("size", Kind::Choice, &[], None),
            definition("size", Kind::Text, &["S"], Some("kg")),
            definition("fit", Kind::Choice, &["S", "S"], None),
        ];
        let wrong: Vec<_> = check(&bad)
            .into_iter()
            .map(|wrong| (wrong.field, wrong.code))
            .collect();
        let expected = [
            ("attributes[0].choices", "required"),
            ("attributes[1].key", "duplicate"),
            ("attributes[1].unit", "not_allowed"),
            ("attributes[1].choices", "not_allowed"),
            ("attributes[2].choices", "duplicate"),
        ];
        assert_eq!(
            wrong,
            expected.map(|(field, code)| (field.to_owned(), code))
        );
    }

    #[test]
    fn keys_are_plain() {
        for (key, good) in [
            ("screen_size", true),
            ("ram-gb2", true),
            ("Size", false),
            ("2nd", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(Key::try_from(key.to_owned()).is_ok(), good, "{key}");
        }
    }
}
