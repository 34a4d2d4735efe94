//! What differs between two values, as lines for people.

use serde::Serialize;
use serde_json::Value;

/// One value that changed; absent on the side where there was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    /// Where it stands, such as `address.city` or `lines.1.quantity`.
    pub(crate) name: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// The values that differ, in the order in which they stand.
pub(crate) fn diff(before: Option<&Value>, after: Option<&Value>) -> Vec<Line> {
    let (before, after) = (leaves(before), leaves(after));
    let find = |leaves: &[(String, String)], name: &str| {
        let leaf = leaves.iter().find(|leaf| leaf.0 == name);
        leaf.map(|leaf| leaf.1.clone())
    };
    let names = before.iter().chain(&after).map(|leaf| leaf.0.as_str());
    let mut lines: Vec<Line> = vec![];
    for name in names {
        let line = Line {
            name: name.to_owned(),
            before: find(&before, name),
            after: find(&after, name),
        };
        if line.before != line.after && !lines.iter().any(|it| it.name == name) {
            lines.push(line);
        }
    }
    lines
}

/// What a value is made of.
fn leaves(value: Option<&Value>) -> Vec<(String, String)> {
    let mut found = vec![];
    if let Some(value) = value {
        collect(String::new(), value, &mut found);
    }
    found
}

fn collect(name: String, value: &Value, found: &mut Vec<(String, String)>) {
    let inner = |key: &str| {
        if name.is_empty() {
            key.to_owned()
        } else {
            format!("{name}.{key}")
        }
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                collect(inner(key), value, found);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (index, item) in items.iter().enumerate() {
                collect(inner(&(index + 1).to_string()), item, found);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            found.push((name, items.join(", ")));
        }
        Value::Object(_) | Value::Null => {}
        other => found.push((name, text(other))),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn lines(before: Value, after: Value) -> Vec<String> {
        let show = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
        diff(Some(&before), Some(&after))
            .into_iter()
            .map(|line| {
                format!(
                    "{}: {} → {}",
                    line.name,
                    show(line.before),
                    show(line.after)
                )
            })
            .collect()
    }

    #[test]
    fn only_what_differs_is_told_with_its_place() {
        let before = json!({"status": "paid", "note": null, "to": {"city": "Ulm", "zip": "1"}, "tags": ["a"], "gone": true});
        let after = json!({"status": "paid", "note": "", "to": {"city": "Bonn", "zip": "1"}, "tags": ["a", "b"], "lines": [{"q": 1}]});
        assert_eq!(
            lines(before, after),
            [
                "gone: yes → -",
                "tags: a → a, b",
                "to.city: Ulm → Bonn",
                "lines.1.q: - → 1",
                "note: - → "
            ]
        );
        assert_eq!(diff(None, Some(&json!(3)))[0].after.as_deref(), Some("3"));
    }

    proptest! {
        #[test]
        fn equal_values_have_no_lines_and_sides_can_be_swapped(a in prop::collection::btree_map("[a-c]", 0..3u8, 0..4), b in prop::collection::btree_map("[a-c]", 0..3u8, 0..4)) {
            let (a, b) = (json!(a), json!(b));
            prop_assert!(diff(Some(&a), Some(&a)).is_empty());
            let there = diff(Some(&a), Some(&b));
            let back = diff(Some(&b), Some(&a));
            prop_assert_eq!(there.len(), back.len());
            for line in there {
                prop_assert!(back.iter().any(|it| it.name == line.name && it.before == line.after && it.after == line.before));
            }
        }
    }
}
