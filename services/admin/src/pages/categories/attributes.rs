//! What a category asks of its products.

use axum::extract::State;
use axum::response::Redirect;
use primitives::CategoryId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::Result;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::products::{Fields, call};

pub(super) async fn save(
    State(app): State<AppState>,
    Path(id): Path<CategoryId>,
    StaffForm(session, pairs): StaffForm<Vec<(String, String)>>,
) -> Result<Redirect> {
    let fields = Fields::sent(pairs);
    let (path, page) = (
        format!("/internal/api/categories/{id}/attributes"),
        format!("/admin/categories/{id}"),
    );
    let body = body(&fields);
    let put = Change {
        action: "category.define",
        target: format!("category:{id}"),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::PUT, &path)?
            .version(fields.value("version").parse().ok())
            .json(&body),
        page: &page,
    };
    change::<Value>(&app, &session, put).await?;
    Ok(Redirect::to(&format!("{page}?done=category#attributes")))
}

/// Rows without a key are not there.
fn body(fields: &Fields) -> Value {
    let attributes = fields
        .rows()
        .into_iter()
        .filter(|row| !fields.cell(row, "key").is_empty() && fields.cell(row, "remove") != "yes");
    let attributes = attributes.map(|row| {
        let cell = |name: &str| fields.cell(&row, name);
        let mut attribute = json!({
            "key": cell("key"), "kind": cell("kind"),
            "required": cell("required") == "yes", "filterable": cell("filterable") == "yes",
        });
        if !cell("label").is_empty() {
            attribute["label"] = cell("label").into();
        }
        if !cell("unit").is_empty() {
            attribute["unit"] = cell("unit").into();
        }
        if cell("kind") == "choice" {
            let choices = cell("choices").split(',').map(str::trim);
            let choices: Vec<&str> = choices.filter(|choice| !choice.is_empty()).collect();
            attribute["choices"] = json!(choices);
        }
        attribute
    });
    json!({ "attributes": attributes.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_an_attribute() {
        let pairs = [
            ("v0.key", "watts"),
            ("v0.kind", "number"),
            ("v0.unit", "W"),
            ("v0.required", "yes"),
            ("v0.filterable", "no"),
            ("v1.key", "size"),
            ("v1.label", "Size"),
            ("v1.kind", "choice"),
            ("v1.choices", "S, M,, L"),
            ("v1.filterable", "yes"),
            ("v2.key", "gone"),
            ("v2.kind", "text"),
            ("v2.remove", "yes"),
            ("v3.key", " "),
            ("v3.kind", "text"),
        ];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let fields = Fields::sent(pairs.into_iter().map(own).collect());
        assert_eq!(
            body(&fields),
            json!({"attributes": [
                {"key": "watts", "kind": "number", "unit": "W", "required": true, "filterable": false},
                {"key": "size", "label": "Size", "kind": "choice", "choices": ["S", "M", "L"], "required": false, "filterable": true},
            ]})
        );
    }
}
