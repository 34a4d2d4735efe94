//! Correcting where an order goes, before it goes.

use askama::Template;
use auth_token::CallError;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use primitives::OrderId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{back, find, path};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, attempt};
use crate::pages::shell::Shell;
use crate::read::order::Order;
use crate::session::{May, Session};

#[derive(Template)]
#[template(path = "orders/address.html")]
struct Page {
    shell: Shell,
    order: Order,
    form: Address,
    /// Of the order that the form shows.
    version: i32,
    /// By the names of the fields.
    wrong: Vec<(String, String)>,
}

impl Page {
    fn problem(&self, field: &str) -> Option<&str> {
        let found = self.wrong.iter().find(|(name, _)| name == field);
        found.map(|(_, message)| message.as_str())
    }

    fn fields(&self) -> [Field<'_>; 7] {
        let field = |name, label, value, most, needed| Field {
            name,
            label,
            value,
            most,
            needed,
        };
        let form = &self.form;
        [
            field("name", "Addressee", &form.name, 200, true),
            field("line1", "Street and number", &form.line1, 200, true),
            field("line2", "Floor, flat, building", &form.line2, 200, false),
            field("postal_code", "Postal code", &form.postal_code, 20, false),
            field("city", "City", &form.city, 100, false),
            field("region", "State or province", &form.region, 100, false),
            field(
                "phone",
                "Telephone, for the carrier",
                &form.phone,
                40,
                false,
            ),
        ]
    }
}

/// A line of the form.
struct Field<'a> {
    name: &'static str,
    label: &'static str,
    value: &'a str,
    most: u32,
    needed: bool,
}

/// As the form sends it and order takes it: the country comes first, for the rules of the others depend on it.
#[derive(Serialize, Deserialize, Default, Clone)]
#[serde(default)]
struct Address {
    country: String,
    name: String,
    line1: String,
    line2: String,
    city: String,
    region: String,
    postal_code: String,
    phone: String,
}

impl Address {
    fn of(order: &Order) -> Self {
        let text = |name: &str| {
            let text = order.shipping_address[name].as_str();
            text.unwrap_or_default().to_owned()
        };
        Self {
            country: text("country"),
            name: text("name"),
            line1: text("line1"),
            line2: text("line2"),
            city: text("city"),
            region: text("region"),
            postal_code: text("postal_code"),
            phone: text("phone"),
        }
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageOrders>,
    Path(id): Path<OrderId>,
) -> Result<Response> {
    let order = find(&app, id).await?;
    let form = Address::of(&order);
    let version = order.version;
    show(&session, order, form, version, Vec::new())
}

fn show(
    session: &Session,
    order: Order,
    form: Address,
    version: i32,
    wrong: Vec<(String, String)>,
) -> Result<Response> {
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = Page {
        shell: Shell::new(session, "/admin/orders", None),
        order,
        form,
        version,
        wrong,
    };
    Ok((status, Html(page.render()?)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Correct {
    version: i32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    line1: String,
    #[serde(default)]
    line2: String,
    #[serde(default)]
    city: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    postal_code: String,
    #[serde(default)]
    phone: String,
}

#[derive(Serialize)]
struct Edit<'a> {
    shipping_address: &'a Address,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Correct>,
) -> Result<Response> {
    if !session.may::<ManageOrders>() {
        return Err(PageError::forbidden());
    }
    let order = find(&app, id).await?;
    let address = Address {
        // The taxes were computed for it.
        country: Address::of(&order).country,
        name: form.name,
        line1: form.line1,
        line2: form.line2,
        city: form.city,
        region: form.region,
        postal_code: form.postal_code,
        phone: form.phone,
    };
    let to = format!("/internal/orders/{id}");
    let behalf = session.on_behalf_of();
    let call = app.order.call(Method::PATCH, &to, Some(&behalf))?;
    let edit = Edit {
        shipping_address: &address,
    };
    let change = Change {
        action: "order.edit",
        target: format!("order:{id}"),
        // Where somebody lives stays out of the log, which outlives their account.
        details: json!({ "request": "shipping_address" }),
        call: call.version(Some(form.version)).json(&edit),
        page: &path(id),
    };
    match attempt::<Value>(&app, &session, change).await? {
        Ok(_) => Ok(back(id, "address").into_response()),
        Err(CallError::Problem { body, .. }) if !problems(&body).is_empty() => {
            show(&session, order, address, form.version, problems(&body))
        }
        Err(error) => Err(PageError::from(error).back_to(&path(id))),
    }
}

/// By the names of our fields.
fn problems(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors
        .map(|error| {
            let field = text(&error["field"]);
            let name = field.strip_prefix("shipping_address.").unwrap_or(&field);
            (name.to_owned(), text(&error["message"]))
        })
        .collect()
}
