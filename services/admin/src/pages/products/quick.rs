//! Changing one price or one stock without leaving the list: a form of its own, which the list takes into the cell.

use askama::Template;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use primitives::{LocationId, ProductId, VariantId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::draft::{Draft, api, call};
use super::undo::{Undo, What};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm, amount};
use crate::pages::act::{Change, change};
use crate::pages::shell::Shell;
use crate::read::products::detail::{self, PlaceLevel, VariantRow};
use crate::read::snapshot;
use crate::session::May;

const LIST: &str = "/admin/products";

#[derive(Template)]
#[template(path = "products/quick.html")]
struct Page {
    shell: Shell,
    form: Form,
}

/// The form alone, for the cell.
#[derive(Template)]
#[template(path = "products/quick_form.html")]
struct Cell {
    form: Form,
}

struct Form {
    csrf: String,
    title: String,
    product: ProductId,
    version: i32,
    variant: VariantRow,
    places: Vec<PlaceLevel>,
    /// `price` or `stock`.
    what: &'static str,
    key: String,
    back: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    /// The product's only one unless told.
    variant: Option<VariantId>,
}

pub(super) async fn price(
    state: State<AppState>,
    session: May<ManageCatalogue>,
    path: Path<ProductId>,
    query: Query<Params>,
    headers: HeaderMap,
) -> Result<Response> {
    show("price", state, session, path, query, &headers).await
}

pub(super) async fn stock(
    state: State<AppState>,
    session: May<ManageCatalogue>,
    path: Path<ProductId>,
    query: Query<Params>,
    headers: HeaderMap,
) -> Result<Response> {
    show("stock", state, session, path, query, &headers).await
}

async fn show(
    what: &'static str,
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Path(product): Path<ProductId>,
    Query(params): Query<Params>,
    headers: &HeaderMap,
) -> Result<Response> {
    let mut db = snapshot(&app.product_db).await?;
    let head = detail::head(&mut db, product)
        .await?
        .ok_or_else(PageError::not_found)?;
    let variants = detail::variants(&mut db, &head, app.clock.now()).await?;
    let found = match params.variant {
        Some(wanted) => variants.into_iter().find(|row| row.id == wanted),
        None => variants.into_iter().next(),
    };
    let variant = found.ok_or_else(PageError::not_found)?;
    let form = Form {
        csrf: session.csrf.clone(),
        title: head.title,
        product,
        version: head.version,
        places: detail::places(&mut db, product, Some(variant.id)).await?,
        variant,
        what,
        key: app.sessions.new_token(),
        back: came_from(headers),
    };
    if headers.contains_key("hx-request") {
        return Ok(Html(Cell { form }.render()?).into_response());
    }
    let page = Page {
        shell: Shell::new(&session, LIST, None),
        form,
    };
    Ok(Html(page.render()?).into_response())
}

/// The list that they came from.
fn came_from(headers: &HeaderMap) -> String {
    let from = headers
        .get(header::REFERER)
        .and_then(|url| url.to_str().ok());
    let path = from.and_then(|url| Some(url.split_once("://")?.1.split_once('/')?.1));
    within(&format!("/{}", path.unwrap_or_default()))
}

/// A page of ours about products, or the list.
fn within(back: &str) -> String {
    let ours = back
        .strip_prefix(LIST)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']));
    if ours && !back.contains("//") && !back.contains('\\') {
        back.to_owned()
    } else {
        LIST.to_owned()
    }
}

/// Back to the list, which then says what was done.
fn done(back: &str, word: &str) -> Redirect {
    let (path, query) = back.split_once('?').unwrap_or((back, ""));
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("done="));
    let query: Vec<&str> = kept.collect();
    Redirect::to(&format!(
        "{path}?{}",
        [query.join("&"), format!("done={word}")]
            .join("&")
            .trim_start_matches('&')
    ))
}

#[derive(Deserialize)]
pub(super) struct NewPrice {
    variant: VariantId,
    version: i32,
    price: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn set_price(
    State(app): State<AppState>,
    Path(product): Path<ProductId>,
    headers: HeaderMap,
    jar: CookieJar,
    StaffForm(session, form): StaffForm<NewPrice>,
) -> Result<(CookieJar, Redirect)> {
    let (back, variant) = (within(&form.back), form.variant);
    let mut draft = Draft::read(&app, &session, product).await?;
    let row = draft
        .variants
        .iter_mut()
        .find(|row| row.id == Some(variant))
        .ok_or_else(PageError::not_found)?;
    let (was, compared) = (row.price, row.compare_at_price);
    let price = amount(&form.price, was.currency()).ok_or_else(|| {
        PageError::invalid("The price must be a number such as 12.50.").back_to(&back)
    })?;
    row.price = price;
    draft.version = form.version;
    let details = json!({ "variant_id": variant, "price": price, "was": was });
    let version = draft.write(&app, &session, product, &back, details).await?;
    let undo = Undo {
        product,
        variant,
        version: version.unwrap_or_default(),
        what: What::Price { was, compared },
        back: back.clone(),
    };
    Ok((undo.keep(&headers, jar), done(&back, "price")))
}

#[derive(Deserialize)]
pub(super) struct NewStock {
    variant: VariantId,
    version: i32,
    location: LocationId,
    /// As it stands in the form.
    was: i32,
    units: i32,
    #[serde(default)]
    reason: String,
    key: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn set_stock(
    State(app): State<AppState>,
    Path(product): Path<ProductId>,
    headers: HeaderMap,
    jar: CookieJar,
    StaffForm(session, form): StaffForm<NewStock>,
) -> Result<(CookieJar, Redirect)> {
    let (back, variant) = (within(&form.back), form.variant);
    let reason = match form.reason.trim() {
        "" => "Counted",
        reason => reason,
    };
    let mut body =
        json!({ "variant_id": variant, "location_id": form.location, "set": form.units });
    body["reason"] = reason.into();
    let act = Correct {
        product,
        version: form.version,
        key: &form.key,
        body,
        page: &back,
    };
    let version = correct(&app, &session, act).await?;
    let undo = Undo {
        product,
        variant,
        version: version.unwrap_or_default(),
        what: What::Stock {
            location: form.location,
            delta: form.was.saturating_sub(form.units),
        },
        back: back.clone(),
    };
    Ok((undo.keep(&headers, jar), done(&back, "stock")))
}

struct Correct<'a> {
    product: ProductId,
    version: i32,
    key: &'a str,
    body: Value,
    page: &'a str,
}

async fn correct(
    app: &AppState,
    session: &crate::session::Session,
    act: Correct<'_>,
) -> Result<Option<i32>> {
    let path = api(act.product, "/stock");
    let call = call(app, session, Method::PUT, &path)?
        .version(Some(act.version))
        .key(Some(act.key))
        .json(&act.body);
    let correction = Change {
        action: "product.set_stock",
        target: format!("product:{}", act.product),
        details: json!({ "request": act.body }),
        call,
        page: act.page,
    };
    Ok(change::<Value>(app, session, correction).await?.1)
}

#[derive(Deserialize)]
pub(super) struct TakeBack {
    key: String,
}

pub(super) async fn undo(
    State(app): State<AppState>,
    headers: HeaderMap,
    jar: CookieJar,
    StaffForm(session, form): StaffForm<TakeBack>,
) -> Result<(CookieJar, Redirect)> {
    let last = Undo::read(&headers)
        .ok_or_else(|| PageError::invalid("There is nothing to take back.").back_to(LIST))?;
    let back = within(&last.back);
    match last.what {
        What::Price { was, compared } => {
            let mut draft = Draft::read(&app, &session, last.product).await?;
            let row = draft
                .variants
                .iter_mut()
                .find(|row| row.id == Some(last.variant))
                .ok_or_else(PageError::not_found)?;
            (row.price, row.compare_at_price) = (was, compared);
            draft.version = last.version;
            let details = json!({ "variant_id": last.variant, "price": was, "undo": true });
            draft
                .write(&app, &session, last.product, &back, details)
                .await?;
        }
        What::Stock { location, delta } if delta != 0 => {
            let body = json!({
                "variant_id": last.variant, "location_id": location, "delta": delta, "reason": "Taken back",
            });
            let act = Correct {
                product: last.product,
                version: last.version,
                key: &form.key,
                body,
                page: &back,
            };
            correct(&app, &session, act).await?;
        }
        What::Stock { .. } => {}
    }
    Ok((Undo::forget(&headers, jar), done(&back, "undone")))
}

/// What the flash of a list offers to take back.
pub(super) fn offered(headers: &HeaderMap, done: Option<&str>) -> Option<Offer> {
    let undo = Undo::read(headers)?;
    let what = match (&undo.what, done?) {
        (What::Price { was, .. }, "price") => format!("The price is changed; it was {was}."),
        (What::Stock { delta, .. }, "stock") if *delta != 0 => {
            format!("The stock is changed by {:+}.", -i64::from(*delta))
        }
        _ => return None,
    };
    Some(Offer { what })
}

/// A change that can be taken back.
pub(super) struct Offer {
    pub(super) what: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(within("/admin/products?q=lamp"), "/admin/products?q=lamp");
        assert_eq!(within("/admin/products/x"), "/admin/products/x");
        for bad in [
            "",
            "https://evil.example",
            "//evil",
            "/admin/productsx",
            "/admin/products?x=//",
            "/admin/products/\\x",
        ] {
            assert_eq!(within(bad), LIST, "{bad}");
        }
    }

    #[test]
    fn a_price_survives_the_cookie() {
        let was = primitives::Money::new(1250, primitives::Currency::EUR);
        let what = What::Price {
            was,
            compared: None,
        };
        let json = serde_json::to_string(&what).unwrap();
        assert_eq!(serde_json::from_str::<What>(&json).unwrap(), what);
    }
}
