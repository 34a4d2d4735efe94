//! What is different between two contents of a product, in lines that people read.

use std::collections::BTreeMap;

use primitives::{Currency, Money};
use serde_json::Value;

/// A line of a product, as it was and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Line {
    /// `added`, `removed` or `changed`.
    pub(super) fn kind(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// All lines that differ; without a content before, all that there are.
pub(super) fn between(before: Option<&Value>, after: &Value) -> Vec<Line> {
    let old = before.map(lines).unwrap_or_default();
    let new = lines(after);
    let mut labels: Vec<&(usize, String)> = old.keys().chain(new.keys()).collect();
    labels.sort();
    labels.dedup();
    labels
        .into_iter()
        .map(|label| Line {
            label: label.1.clone(),
            before: old.get(label).cloned(),
            after: new.get(label).cloned(),
        })
        .filter(|line| line.before != line.after)
        .collect()
}

/// Each line under its place and label.
type Lines = BTreeMap<(usize, String), String>;

fn lines(content: &Value) -> Lines {
    let mut lines = Lines::new();
    let mut add = |place: usize, label: String, value: &Value| {
        if let Some(text) = text(value) {
            lines.insert((place, label), text);
        }
    };
    let fields = [
        ("Title", "title"),
        ("Description", "description"),
        ("Category", "category"),
        ("Tax class", "tax_class"),
        ("Title for search engines", "seo_title"),
        ("Description for search engines", "seo_description"),
        ("Public from", "publish_at"),
        ("Public until", "unpublish_at"),
    ];
    for (place, (label, field)) in fields.into_iter().enumerate() {
        add(place, label.to_owned(), &content[field]);
    }
    for (key, value) in content["attributes"].as_object().into_iter().flatten() {
        add(20, format!("Attribute {key}"), value);
    }
    let currency = content["currency"]
        .as_str()
        .and_then(|code| code.parse().ok());
    for variant in content["variants"].as_array().into_iter().flatten() {
        let sku = variant["sku"].as_str().unwrap_or_default();
        add(
            30,
            format!("Variant {sku}"),
            &offer(variant, currency).into(),
        );
    }
    for image in content["images"].as_array().into_iter().flatten() {
        let name = image["file_name"].as_str().unwrap_or_default();
        let alt = image["alt"].as_str().filter(|alt| !alt.is_empty());
        add(
            40,
            format!("Picture {name}"),
            &alt.unwrap_or("without a description").into(),
        );
    }
    lines
}

fn offer(variant: &Value, currency: Option<Currency>) -> String {
    let money = |value: &Value| {
        let amount = value.as_i64()?;
        Some(match currency {
            Some(currency) => Money::new(amount, currency).to_string(),
            None => amount.to_string(),
        })
    };
    let options = variant["options"].as_object().into_iter().flatten();
    let mut said: Vec<String> = options
        .filter_map(|(name, value)| Some(format!("{name} {}", value.as_str()?)))
        .collect();
    said.extend(money(&variant["price"]));
    said.extend(money(&variant["compare_at_price"]).map(|price| format!("instead of {price}")));
    said.join(", ")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"title": "Lamp", "description": "Old", "currency": "EUR", "attributes": {"watts": 5, "led": true},
            "variants": [{"sku": "A", "options": {"size": "M"}, "price": 1000}, {"sku": "B", "options": {}, "price": 5}],
            "images": [{"file_name": "x.jpg", "alt": ""}]});
        let mut after = before.clone();
        assert!(between(Some(&before), &after).is_empty());
        after["description"] = json!("New");
        after["attributes"] = json!({"watts": 7, "led": true});
        after["variants"] = json!([{"sku": "A", "options": {"size": "M"}, "price": 1250, "compare_at_price": 1500}]);
        let lines = between(Some(&before), &after);
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.label.as_str(),
                    line.kind(),
                    line.after.as_deref().unwrap_or("–"),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Description", "changed", "New"),
                ("Attribute watts", "changed", "7"),
                (
                    "Variant A",
                    "changed",
                    "size M, 12.50 EUR, instead of 15.00 EUR"
                ),
                ("Variant B", "removed", "–"),
            ]
        );
        assert!(
            between(None, &before)
                .iter()
                .all(|line| line.kind() == "added")
        );
    }
}
