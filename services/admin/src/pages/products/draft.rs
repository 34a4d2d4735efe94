//! A product as product's API takes it: read, changed in one place, and written whole.

use std::collections::BTreeMap;

use auth_token::Call;
use primitives::{CategoryId, Money, ProductId, Sku, Timestamp, VariantId};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::Result;
use crate::pages::act::{Change, change};
use crate::session::Session;

/// All that staff may say of a product.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) slug: String,
    pub(super) description: String,
    pub(super) category: Option<Reference>,
    pub(super) attributes: BTreeMap<String, Value>,
    pub(super) options: Vec<String>,
    pub(super) variants: Vec<Variant>,
    pub(super) tax_class: String,
    pub(super) seo: Seo,
    pub(super) publish_at: Option<Timestamp>,
    pub(super) unpublish_at: Option<Timestamp>,
    pub(super) version: i32,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Reference {
    pub(super) id: CategoryId,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Seo {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Variant {
    #[serde(skip_serializing)]
    pub(super) id: Option<VariantId>,
    pub(super) sku: Sku,
    pub(super) price: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compare_at_price: Option<Money>,
    pub(super) options: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) barcode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight_grams: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dimensions: Option<Value>,
    /// Units of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stock: Option<i32>,
}

impl Draft {
    /// Reads a product as it is now.
    pub(super) async fn read(app: &AppState, session: &Session, id: ProductId) -> Result<Self> {
        let path = api(id, "");
        Ok(call(app, session, Method::GET, &path)?.answer().await?)
    }

    /// Says all of it anew, if it is still the version that was read; answers the new one.
    pub(super) async fn write(
        &self,
        app: &AppState,
        session: &Session,
        id: ProductId,
        page: &str,
        details: Value,
    ) -> Result<Option<i32>> {
        let path = api(id, "");
        let call = call(app, session, Method::PUT, &path)?
            .version(Some(self.version))
            .json(&self.body());
        let update = Change {
            action: "product.update",
            target: format!("product:{id}"),
            details,
            call,
            page,
        };
        Ok(change::<Value>(app, session, update).await?.1)
    }

    /// As `PUT` and `POST /api/products` take it: what has no options is a simple product, without a list of variants.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "title": self.title,
            "description": self.description,
            "attributes": self.attributes,
            "tax_class": self.tax_class,
            "seo": self.seo,
        });
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                body[name] = value;
            }
        };
        if !self.slug.is_empty() {
            set("slug", json!(self.slug));
        }
        set(
            "category_id",
            json!(self.category.as_ref().map(|category| category.id)),
        );
        set("publish_at", json!(self.publish_at));
        set("unpublish_at", json!(self.unpublish_at));
        match self.variants.as_slice() {
            [only] if self.options.is_empty() => {
                let Value::Object(fields) = json!(only) else {
                    return body;
                };
                for (name, value) in fields {
                    if name != "options" {
                        set(&name, value);
                    }
                }
            }
            variants => {
                set("options", json!(self.options));
                set("variants", json!(variants));
            }
        }
        body
    }
}

/// The path of product's API for a product, as the internal listener has it.
pub(super) fn api(id: ProductId, below: &str) -> String {
    format!("/internal/api/products/{id}{below}")
}

/// A call of product in the staff member's name.
pub(in crate::pages) fn call<'a>(
    app: &'a AppState,
    session: &Session,
    method: Method,
    path: &'a str,
) -> Result<Call<'a>> {
    Ok(app
        .product
        .call(method, path, Some(&session.on_behalf_of()))?)
}
