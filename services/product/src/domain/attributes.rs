//! Properties of products: a text, a number or a yes or no under a name. Categories define some of them; the others are free.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use super::product::Wrong;
use super::text::{Name, Value};

/// The most attributes that a product may have.
const MAX: usize = 50;

/// The value of an attribute, of the type that it has in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AttributeValue {
    /// Also one of a definition's choices.
    Text(String),
    #[schema(value_type = f64)]
    Number(serde_json::Number),
    Boolean(bool),
}

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = AttributeValue;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text, a number or a boolean")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<AttributeValue, E> {
        Ok(AttributeValue::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<AttributeValue, E> {
        Ok(AttributeValue::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<AttributeValue, E> {
        Ok(AttributeValue::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<AttributeValue, E> {
        let number = serde_json::Number::from_f64(value)
            .ok_or_else(|| E::custom("must be a finite number"))?;
        Ok(AttributeValue::Number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<AttributeValue, E> {
        let text = Value::try_from(text.to_owned()).map_err(E::custom)?;
        Ok(AttributeValue::Text(text.into()))
    }
}

/// Properties such as `{"colour": "red", "weight": 1.5, "organic": true}`; at most 50.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    try_from = "BTreeMap<Name, AttributeValue>",
    into = "BTreeMap<String, AttributeValue>"
)]
#[schema(value_type = BTreeMap<String, AttributeValue>)]
pub(crate) struct Attributes(BTreeMap<String, AttributeValue>);

impl TryFrom<BTreeMap<Name, AttributeValue>> for Attributes {
    type Error = &'static str;
    fn try_from(map: BTreeMap<Name, AttributeValue>) -> Result<Self, Self::Error> {
        if map.len() > MAX {
            return Err("must be at most 50 attributes");
        }
        Ok(Self(
            map.into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        ))
    }
}

impl From<Attributes> for BTreeMap<String, AttributeValue> {
    fn from(attributes: Attributes) -> Self {
        attributes.0
    }
}

/// What values an attribute takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = AttributeKind)]
pub(crate) enum Kind {
    Text,
    Number,
    Boolean,
    /// One of the definition's choices.
    Choice,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Choice => "choice",
        }
    }
}

/// What a category asks of an attribute of its products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) key: String,
    pub(crate) kind: Kind,
    pub(crate) choices: Vec<String>,
    pub(crate) required: bool,
}

/// Checks a product's attributes against all rules of its category; what no rule names is free. All that is wrong is found at once.
pub(crate) fn check(rules: &[Rule], attributes: &Attributes) -> Vec<Wrong> {
    let wrong = |rule: &Rule| {
        let (code, message) = match (attributes.0.get(&rule.key), rule.kind) {
            (None, _) if rule.required => ("required", "is required in this category".to_owned()),
            (None, _)
            | (Some(AttributeValue::Text(_)), Kind::Text)
            | (Some(AttributeValue::Number(_)), Kind::Number)
            | (Some(AttributeValue::Boolean(_)), Kind::Boolean) => return None,
            (Some(AttributeValue::Text(text)), Kind::Choice) => {
                if rule.choices.contains(text) {
                    return None;
                }
                (
                    "unknown_choice",
                    format!("must be one of: {}", rule.choices.join(", ")),
                )
            }
            (Some(_), Kind::Text) => ("wrong_type", "must be a text".to_owned()),
            (Some(_), Kind::Number) => ("wrong_type", "must be a number".to_owned()),
            (Some(_), Kind::Boolean) => ("wrong_type", "must be true or false".to_owned()),
            (Some(_), Kind::Choice) => (
                "wrong_type",
                format!("must be one of: {}", rule.choices.join(", ")),
            ),
        };
        Some(Wrong {
            field: format!("attributes.{}", rule.key),
            code,
            message,
        })
    };
    rules.iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rule(key: &str, kind: Kind, required: bool) -> Rule {
        let choices = match kind {
            Kind::Choice => vec!["S".to_owned(), "M".to_owned()],
            _ => Vec::new(),
        };
        Rule {
            key: key.to_owned(),
            kind,
            choices,
            required,
        }
    }

    fn codes(rules: &[Rule], attributes: serde_json::Value) -> Vec<(String, &'static str)> {
        let attributes = serde_json::from_value(attributes).unwrap();
        check(rules, &attributes)
            .into_iter()
            .map(|wrong| (wrong.field, wrong.code))
            .collect()
    }

    #[test]
    fn every_contradiction_is_named() {
        let rules = [
            rule("material", Kind::Text, true),
            rule("weight", Kind::Number, false),
            rule("organic", Kind::Boolean, false),
            rule("size", Kind::Choice, false),
        ];
        assert_eq!(
            codes(
                &rules,
                json!({"weight": "1.5", "organic": 1, "size": "XXL", "free": "text"})
            ),
            [
                ("attributes.material".to_owned(), "required"),
                ("attributes.weight".to_owned(), "wrong_type"),
                ("attributes.organic".to_owned(), "wrong_type"),
                ("attributes.size".to_owned(), "unknown_choice"),
            ]
        );
        assert_eq!(
            codes(
                &rules,
                json!({"material": "oak", "weight": 1.5, "organic": true, "size": "M"})
            ),
            []
        );
    }

    #[test]
    fn values_keep_their_type() {
        let text = r#"{"big":9007199254740993,"colour":"red","organic":true,"weight":1.5}"#;
        let attributes: Attributes = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&attributes).unwrap(), text);
        for bad in [
            json!({"a": null}),
            json!({"a": []}),
            json!({"a": " "}),
            json!({"": 1}),
        ] {
            assert!(
                serde_json::from_value::<Attributes>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }

    fn value() -> impl Strategy<Value = AttributeValue> {
        prop_oneof![
            "[SMLX]{1,2}".prop_map(AttributeValue::Text),
            any::<i64>().prop_map(|number| AttributeValue::Number(number.into())),
            any::<bool>().prop_map(AttributeValue::Boolean),
        ]
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_just_what_the_rule_says(
            kind in prop_oneof![Just(Kind::Text), Just(Kind::Number), Just(Kind::Boolean), Just(Kind::Choice)],
            required: bool,
            value in proptest::option::of(value()),
        ) {
            let rule = rule("key", kind, required);
            let map: BTreeMap<_, _> = value.clone().map(|value| ("key".to_owned(), value)).into_iter().collect();
            let good = match (&value, kind) {
                (None, _) => !required,
                (Some(AttributeValue::Text(text)), Kind::Choice) => text == "S" || text == "M",
                (Some(AttributeValue::Text(_)), kind) => kind == Kind::Text,
                (Some(AttributeValue::Number(_)), kind) => kind == Kind::Number,
                (Some(AttributeValue::Boolean(_)), kind) => kind == Kind::Boolean,
            };
            prop_assert_eq!(check(&[rule], &Attributes(map)).is_empty(), good);
        }
    }
}
