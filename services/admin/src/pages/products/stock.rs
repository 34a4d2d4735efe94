//! What lies where of a product, and how it came there.

use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{LocationId, ProductId, VariantId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::draft::{api, call};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm, chosen};
use crate::pages::act::{Change, change};
use crate::pages::shell::{Shell, link};
use crate::read::products::detail::{self, Head, Movement, Offered, PlaceLevel, VariantRow};
use crate::read::{snapshot, users};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "products/stock.html")]
struct Page {
    shell: Shell,
    head: Head,
    variants: Vec<VariantRow>,
    levels: Vec<PlaceLevel>,
    movements: Vec<Movement>,
    prices: Vec<Offered>,
    names: HashMap<Uuid, String>,
    params: Params,
    can_edit: bool,
    key: String,
    next: Option<String>,
}

impl Page {
    fn actor(&self, movement: &Movement) -> &str {
        let name = movement.actor_id.and_then(|id| self.names.get(&id.uuid()));
        name.map_or("", String::as_str)
    }

    /// Each place once, for the filter.
    fn places(&self) -> Vec<&PlaceLevel> {
        let mut places: Vec<&PlaceLevel> = Vec::new();
        for level in &self.levels {
            if !places
                .iter()
                .any(|known| known.location_id == level.location_id)
            {
                places.push(level);
            }
        }
        places
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    variant: String,
    place: String,
    cursor: Option<i64>,
    done: Option<String>,
}

impl Params {
    fn is(&self, chosen: &str, id: &impl ToString) -> bool {
        chosen == id.to_string()
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Path(id): Path<ProductId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.product_db).await?;
    let head = detail::head(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let variants = detail::variants(&mut db, &head, app.clock.now()).await?;
    let levels = detail::places(&mut db, id, None).await?;
    let filter = (
        chosen::<VariantId>(&params.variant),
        chosen::<LocationId>(&params.place),
    );
    let most = PAGE as i64 + 1;
    let mut movements = detail::movements(&mut db, id, filter, params.cursor, most).await?;
    let prices = detail::prices(&mut db, id).await?;
    drop(db);
    let more = movements.len() > PAGE;
    movements.truncate(PAGE);
    let next = movements.last().filter(|_| more).map(|last| {
        let pairs = [
            ("variant", params.variant.as_str()),
            ("place", &params.place),
            ("cursor", &last.seq.to_string()),
        ];
        link(&format!("/admin/products/{id}/stock"), &pairs)
    });
    let actors: Vec<Uuid> = movements
        .iter()
        .filter_map(|movement| movement.actor_id.map(|id| id.uuid()))
        .collect();
    let names = users::names(&mut *app.auth_db.acquire().await?, &actors).await?;
    let page = Page {
        shell: Shell::new(&session, "/admin/products", params.done.as_deref()),
        can_edit: session.may::<ManageCatalogue>() && head.status != "archived",
        key: app.sessions.new_token(),
        head,
        variants,
        levels,
        movements,
        prices,
        names,
        params,
        next,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Correct {
    variant: VariantId,
    location: LocationId,
    version: i32,
    key: String,
    /// Units that lie there.
    units: i32,
    reason: String,
}

/// Says what was counted at a place.
pub(super) async fn correct(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    StaffForm(session, form): StaffForm<Correct>,
) -> Result<Redirect> {
    let (path, page) = (api(id, "/stock"), format!("/admin/products/{id}/stock"));
    let mut body =
        json!({ "variant_id": form.variant, "location_id": form.location, "set": form.units });
    if !form.reason.trim().is_empty() {
        body["reason"] = form.reason.trim().into();
    }
    // The same form for another row is another request.
    let key = format!("{}-{}-{}", form.key, form.variant, form.location);
    let put = Change {
        action: "product.set_stock",
        target: format!("product:{id}"),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::PUT, &path)?
            .version(Some(form.version))
            .key(Some(&key))
            .json(&body),
        page: &page,
    };
    change::<Value>(&app, &session, put).await?;
    Ok(Redirect::to(&format!("{page}?done=stock")))
}
