use axum::extract::State;
use axum::response::Redirect;
use primitives::LocationId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page::HERE;
use crate::app::AppState;
use crate::error::Result;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::products::call;

#[derive(Deserialize)]
pub(super) struct New {
    code: String,
    name: String,
}

pub(super) async fn create(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<New>,
) -> Result<Redirect> {
    let body = json!({ "code": form.code.trim(), "name": form.name.trim() });
    let path = "/internal/api/inventory/locations";
    let post = Change {
        action: "stock_location.create",
        target: "stock_location".to_owned(),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::POST, path)?.json(&body),
        page: HERE,
    };
    change::<Value>(&app, &session, post).await?;
    Ok(Redirect::to(&format!("{HERE}?done=place_created")))
}

#[derive(Deserialize)]
pub(super) struct Save {
    version: i32,
    name: String,
    position: usize,
    #[serde(default)]
    active: bool,
}

pub(super) async fn save(
    State(app): State<AppState>,
    Path(id): Path<LocationId>,
    StaffForm(session, form): StaffForm<Save>,
) -> Result<Redirect> {
    let body =
        json!({ "name": form.name.trim(), "active": form.active, "position": form.position });
    let path = format!("/internal/api/inventory/locations/{id}");
    let put = Change {
        action: "stock_location.update",
        target: format!("stock_location:{id}"),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::PUT, &path)?
            .version(Some(form.version))
            .json(&body),
        page: HERE,
    };
    change::<Value>(&app, &session, put).await?;
    Ok(Redirect::to(&format!("{HERE}?done=place")))
}
