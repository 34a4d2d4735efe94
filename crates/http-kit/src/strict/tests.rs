use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{from_json, from_query};

#[derive(Debug, PartialEq, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Country(String);

impl TryFrom<String> for Country {
    type Error = &'static str;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        if value.len() == 2 {
            Ok(Self(value))
        } else {
            Err("must be a two-letter code")
        }
    }
}

#[derive(Debug, PartialEq, Clone, Deserialize)]
struct Wrapped(Option<u8>);

#[derive(Debug, PartialEq, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Percent,
    FreeShipping,
}

#[derive(Debug, PartialEq, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    Everything,
    Country(Country),
    Range { from: u32, to: u32 },
    Pair(u8, u8),
}

#[derive(Debug, PartialEq, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    line1: String,
    country: Country,
    region: Option<String>,
}

#[derive(Debug, PartialEq, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    sku: String,
    stock: u32,
    options: Option<BTreeMap<String, String>>,
}

#[derive(Debug, PartialEq, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    address: Address,
    billing: Option<Address>,
    variants: Vec<Variant>,
    kind: Kind,
    paid: bool,
    ratio: Option<f64>,
    note: Option<String>,
}

fn good() -> Value {
    json!({
        "address": {"line1": "Street 1", "country": "DE"},
        "variants": [{"sku": "A", "stock": 1, "options": {"size": "M"}}, {"sku": "B", "stock": 2}],
        "kind": "free_shipping",
        "paid": true,
        "note": null,
    })
}

/// `field code` of each error, sorted.
fn errors<T: serde::de::DeserializeOwned + std::fmt::Debug>(value: &Value) -> Vec<String> {
    list(from_json::<T>(value).expect_err("must be refused"))
}

fn list(errors: crate::FieldErrors) -> Vec<String> {
    let mut found: Vec<_> = errors
        .as_slice()
        .iter()
        .map(|error| format!("{} {}", error.field, error.code))
        .collect();
    found.sort();
    found
}

#[test]
fn a_good_body_parses_as_serde_json_does() {
    assert_eq!(
        from_json::<Order>(&good()).unwrap(),
        serde_json::from_value(good()).unwrap()
    );
}

#[test]
fn an_empty_object_lacks_every_required_field() {
    assert_eq!(
        errors::<Order>(&json!({})),
        [
            "address required",
            "kind required",
            "paid required",
            "variants required"
        ]
    );
}

#[test]
fn everything_wrong_is_said_at_once() {
    let body = json!({
        "address": {"country": "Germany", "planet": "Earth", "region": 7},
        "billing": {"line1": "x", "country": 5},
        "variants": [{"sku": "A", "stock": -1}, {"stock": 1.5, "options": {"size": 3, "colour": "red", "fit": null}}, 7, {"sku": "C", "stock": 3}],
        "kind": "gratis",
        "paid": "yes",
        "ratio": "half",
        "nonsense": [1, 2, 3],
    });
    assert_eq!(
        errors::<Order>(&body),
        [
            "address.country invalid",
            "address.line1 required",
            "address.planet unknown_field",
            "address.region invalid_type",
            "billing.country invalid_type",
            "kind invalid",
            "nonsense unknown_field",
            "paid invalid_type",
            "ratio invalid_type",
            "variants[0].stock invalid",
            "variants[1].options.fit required",
            "variants[1].options.size invalid_type",
            "variants[1].sku required",
            "variants[1].stock invalid_type",
            "variants[2] invalid_type",
        ]
    );
}

#[test]
fn messages_are_sentences_for_people() {
    let message = |body: Value| {
        from_json::<Order>(&body).unwrap_err().as_slice()[0]
            .message
            .clone()
    };
    let with = |field: &str, value: Value| {
        let mut body = good();
        body[field] = value;
        body
    };
    assert_eq!(
        message(with("kind", json!("x"))),
        "must be one of: percent, free_shipping"
    );
    assert_eq!(message(with("paid", json!(1))), "must be true or false");
    assert_eq!(message(with("paid", json!(null))), "is required");
    assert_eq!(message(with("address", json!([]))), "must be an object");
    assert_eq!(message(with("variants", json!({}))), "must be a list");
    assert_eq!(
        message(with("address", json!({"line1": "x", "country": "Germany"}))),
        "must be a two-letter code"
    );
    assert_eq!(message(with("extra", json!(1))), "is not a known field");
    assert_eq!(
        message(with(
            "variants",
            json!([{"sku": "x", "stock": 5_000_000_000_u64}])
        )),
        "is out of range"
    );
    assert_eq!(message(json!([])), "must be an object");
}

#[test]
fn a_body_that_is_no_object_is_one_error() {
    assert_eq!(errors::<Order>(&json!([1])), ["body invalid_type"]);
    assert_eq!(errors::<Order>(&json!(null)), ["body required"]);
    assert_eq!(
        errors::<Vec<Kind>>(&json!(["percent", 1, "x"])),
        ["[1] invalid_type", "[2] invalid"]
    );
}

#[test]
fn newtypes_around_options_may_be_absent() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Holder {
        wrapped: Wrapped,
    }
    assert_eq!(
        from_json::<Holder>(&json!({})).unwrap().wrapped,
        Wrapped(None)
    );
    assert_eq!(
        from_json::<Holder>(&json!({"wrapped": 3})).unwrap().wrapped,
        Wrapped(Some(3))
    );
    assert_eq!(
        errors::<Holder>(&json!({"wrapped": 300})),
        ["wrapped invalid"]
    );
}

#[test]
fn enums_with_content_are_looked_into() {
    let parse = |value: Value| from_json::<Target>(&value).unwrap();
    assert_eq!(parse(json!("everything")), Target::Everything);
    assert_eq!(
        parse(json!({"country": "DE"})),
        Target::Country(Country("DE".into()))
    );
    assert_eq!(
        parse(json!({"range": {"from": 1, "to": 2}})),
        Target::Range { from: 1, to: 2 }
    );
    assert_eq!(parse(json!({"pair": [1, 2]})), Target::Pair(1, 2));
    let wrapped = |value: Value| errors::<BTreeMap<String, Target>>(&json!({"t": value}));
    assert_eq!(
        wrapped(json!({"country": "Germany"})),
        ["t.country invalid"]
    );
    assert_eq!(
        wrapped(json!({"range": {"from": "x", "until": 1}})),
        [
            "t.range.from invalid_type",
            "t.range.to required",
            "t.range.until unknown_field"
        ]
    );
    assert_eq!(wrapped(json!("range")), ["t invalid_type"]);
    assert_eq!(wrapped(json!({"nothing": 1})), ["t invalid"]);
    assert_eq!(wrapped(json!({"pair": [1, 2, 3]})), ["t invalid"]);
    assert_eq!(wrapped(json!({"pair": [1, 300]})), ["t.pair[1] invalid"]);
}

#[test]
fn a_tagged_enum_is_parsed_as_well() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    enum Tagged {
        A { number: u8 },
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Holder {
        tagged: Tagged,
        other: u8,
    }
    assert!(
        from_json::<Holder>(&json!({"tagged": {"type": "a", "number": 1}, "other": 1})).is_ok()
    );
    assert_eq!(
        errors::<Holder>(&json!({"tagged": {"type": "a"}, "other": "x"})),
        ["other invalid_type", "tagged required"]
    );
    assert_eq!(
        errors::<Holder>(&json!({"tagged": {"type": "b"}, "other": 1})),
        ["tagged.type invalid"]
    );
}

#[test]
fn rules_across_fields_come_after_the_fields() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        from: u32,
        to: u32,
    }
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Raw")]
    #[expect(dead_code, reason = "only parsed")]
    struct Range(Raw);
    impl TryFrom<Raw> for Range {
        type Error = &'static str;
        fn try_from(raw: Raw) -> Result<Self, Self::Error> {
            if raw.from <= raw.to {
                Ok(Self(raw))
            } else {
                Err("must not end before it begins")
            }
        }
    }
    let wrapped = |value: Value| errors::<BTreeMap<String, Range>>(&json!({"r": value}));
    assert_eq!(wrapped(json!({"from": 3, "to": 1})), ["r invalid"]);
    assert_eq!(wrapped(json!({"from": 3})), ["r.to required"]);
    assert_eq!(
        wrapped(json!({"from": "3", "x": 1})),
        ["r.from invalid_type", "r.to required", "r.x unknown_field"]
    );
}

#[test]
fn a_hostile_body_is_answered_quickly() {
    let body = json!({"address": {}, "variants": vec![json!({"a": 1}); 20_000]});
    let found = from_json::<Order>(&body).unwrap_err();
    assert!((1..=2 * super::MAX_ERRORS).contains(&found.as_slice().len()));
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    q: Option<String>,
    limit: Option<u32>,
    rating: Option<f32>,
    in_stock: Option<bool>,
    kind: Option<Kind>,
    tag: Option<Vec<String>>,
    debt: Option<i64>,
}

#[test]
fn queries_read_numbers_and_booleans_from_text() {
    let value = json!({"q": "12", "limit": "20", "rating": "3.5", "in_stock": "true", "kind": "percent", "tag": ["a", "b"], "debt": "-4"});
    let parsed: Search = from_query(&value).unwrap();
    assert_eq!(
        (
            parsed.q.as_deref(),
            parsed.limit,
            parsed.rating,
            parsed.in_stock,
            parsed.debt
        ),
        (Some("12"), Some(20), Some(3.5), Some(true), Some(-4))
    );
    assert_eq!(parsed.tag, Some(vec!["a".to_owned(), "b".to_owned()]));
    let empty: Search = from_query(&json!({"q": "", "limit": "", "tag": "one"})).unwrap();
    assert_eq!(
        (empty.q, empty.limit, empty.tag),
        (None, None, Some(vec!["one".to_owned()]))
    );
}

#[test]
fn queries_report_every_bad_parameter() {
    let value = json!({"limit": "many", "in_stock": "maybe", "kind": "x", "debt": ["1", "2"], "sort": "up"});
    assert_eq!(
        list(from_query::<Search>(&value).unwrap_err()),
        [
            "debt invalid",
            "in_stock invalid_type",
            "kind invalid",
            "limit invalid_type",
            "sort unknown_field"
        ]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-4_i64..300).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![
            Just("DE".to_owned()),
            Just("percent".to_owned()),
            "[a-z]{0,3}"
        ]
        .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "address", "billing", "variants", "kind", "paid", "ratio", "note", "line1", "country",
        "region", "sku", "stock", "options", "other",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..7).prop_map(|map| Value::Object(
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

/// The fields of a good order that can be spoilt, with what spoils them and the field that is then named.
const SPOILS: [(&str, &str, &str); 10] = [
    ("/address/line1", "", "address.line1"),
    ("/address/country", "\"Germany\"", "address.country"),
    ("/variants/0/sku", "5", "variants[0].sku"),
    ("/variants/0/options/size", "[]", "variants[0].options.size"),
    ("/variants/1/stock", "-1", "variants[1].stock"),
    ("/variants/1/sku", "", "variants[1].sku"),
    ("/kind", "\"none\"", "kind"),
    ("/paid", "", "paid"),
    ("/note", "{}", "note"),
    ("/address", "\"unknown\"", "address.unknown"),
];

fn spoil(body: &mut Value, pointer: &str, with: &str) {
    if with == "\"unknown\"" {
        body.pointer_mut(pointer).unwrap()["unknown"] = json!(1);
    } else if with.is_empty() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = if parent.is_empty() {
            body
        } else {
            body.pointer_mut(parent).unwrap()
        };
        parent.as_object_mut().unwrap().remove(name);
    } else {
        *body.pointer_mut(pointer).unwrap() = serde_json::from_str(with).unwrap();
    }
}

proptest! {
    #[test]
    fn accepts_exactly_what_serde_json_accepts(value in any_json()) {
        let ours = from_json::<Order>(&value).ok();
        let theirs = serde_json::from_value::<Order>(value).ok();
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn finds_exactly_the_spoilt_fields(chosen in prop::sample::subsequence(SPOILS.to_vec(), 1..=SPOILS.len())) {
        let mut body = good();
        let mut expected = BTreeSet::new();
        for (pointer, with, field) in chosen {
            spoil(&mut body, pointer, with);
            expected.insert(field.to_owned());
        }
        let found = from_json::<Order>(&body).unwrap_err();
        let fields: Vec<_> = found.as_slice().iter().map(|error| error.field.clone()).collect();
        prop_assert_eq!(fields.len(), expected.len(), "{:?}", fields);
        prop_assert_eq!(fields.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}
