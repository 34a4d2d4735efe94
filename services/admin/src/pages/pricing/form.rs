//! One form for all that prices are made of: new, changed, switched, deleted.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use primitives::Currency;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::keep::{self, Known};
use super::kind::Kind;
use super::sheet::{Input, Sheet};
use crate::app::AppState;
use crate::domain::offers::Names;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm, chosen};
use crate::pages::shell::Shell;
use crate::read::categories::{self, CategoryName};
use crate::read::pricing::goods;
use crate::session::Session;

#[derive(Template)]
#[template(path = "pricing/form.html")]
struct Page<'a> {
    shell: Shell,
    kind: Kind,
    sheet: &'a Sheet,
    /// Of the row that is changed.
    id: Option<&'a str>,
    version: i32,
    key: String,
    currency: Currency,
    names: Names,
    categories: Vec<CategoryName>,
    /// Rows of the table that are filled in, and some that are not.
    rows: Vec<usize>,
}

impl Page<'_> {
    fn heading(&self) -> &str {
        match (self.id, self.kind) {
            (None, kind) => kind.new_title(),
            (Some(_), Kind::Coupon) => self.sheet.value("code"),
            (Some(_), _) => self.sheet.value("name"),
        }
    }

    fn action(&self) -> String {
        match self.id {
            Some(id) if self.kind == Kind::Coupon => format!("{}/{id}/edit", self.kind.items()),
            Some(id) => format!("{}/{id}", self.kind.items()),
            None => format!("{}/new", self.kind.page()),
        }
    }

    /// Where cancelling leads.
    fn back(&self) -> String {
        match self.id {
            Some(id) if self.kind == Kind::Coupon => format!("{}/{id}", self.kind.page()),
            _ => self.kind.page().to_owned(),
        }
    }

    /// Which of the kind's choices it is.
    fn choice(&self) -> String {
        choice(self.sheet)
    }

    fn is(&self, choice: &str) -> bool {
        self.choice() == choice
    }

    fn field(&self, name: &str, label: &'static str) -> Input<'_> {
        self.sheet.field(name, label)
    }

    fn money(&self, name: &str, label: &'static str) -> Input<'_> {
        self.field(name, label)
            .unit(self.currency.code())
            .kind("decimal")
    }

    /// What a list of ids names.
    fn chosen(&self, prefix: &str, list: &str) -> Vec<(&str, &str)> {
        let all = self.sheet.all(&format!("{prefix}{list}"));
        let name = |id: &str| {
            self.names
                .get(&id.parse::<Uuid>().ok()?)
                .map(String::as_str)
        };
        all.into_iter()
            .map(|id| (id, name(id).unwrap_or("something that is gone")))
            .collect()
    }

    /// What is wrong with a whole row of the table.
    fn row_problem(&self, table: &str, row: &usize) -> Option<&str> {
        self.sheet.problem(&format!("{table}[{row}]"))
    }
}

/// `tiered_quantity` where order says `tiered` by `quantity`.
fn choice(sheet: &Sheet) -> String {
    match sheet.value("kind") {
        "tiered" => format!("tiered_{}", sheet.value("by")),
        kind => kind.to_owned(),
    }
}

async fn show(
    app: &AppState,
    session: &Session,
    kind: Kind,
    id: Option<(&str, i32)>,
    sheet: &Sheet,
    spare: usize,
) -> Result<Response> {
    let mut ids = Vec::new();
    for list in [
        "product_ids",
        "category_ids",
        "get_product_ids",
        "get_category_ids",
    ] {
        ids.extend(
            sheet
                .all(list)
                .iter()
                .filter_map(|id| id.parse::<Uuid>().ok()),
        );
    }
    let (mut names, mut categories) = (Names::new(), Vec::new());
    if !kind.scopes().is_empty() {
        let mut db = app.product_db.acquire().await?;
        names = goods::names(&mut db, &ids).await?;
        categories = categories::names(&mut db, 99).await?;
    }
    let filled = kind.table().map_or(0, |table| sheet.clone().rows(table));
    let status = if sheet.wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = Page {
        shell: Shell::new(session, kind.page(), None),
        kind,
        sheet,
        id: id.map(|(id, _)| id),
        version: id.map_or(0, |(_, version)| version),
        key: app.sessions.new_token(),
        currency: chosen(sheet.value("currency")).unwrap_or(app.currency()),
        names,
        categories,
        rows: (0..filled + spare).collect(),
    };
    Ok((status, Html(page.render()?)).into_response())
}

/// Free rows of a table that is opened, and after "More rows".
const SPARE: usize = 2;
const MORE: usize = 5;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct New {
    kind: String,
    country: String,
}

pub(super) async fn new(
    kind: Kind,
    State(app): State<AppState>,
    session: Session,
    Query(New {
        kind: choice,
        country,
    }): Query<New>,
) -> Result<Response> {
    allowed(kind, &session)?;
    let mut sheet = Sheet::default();
    let known = kind.choices().iter().find(|(known, _)| *known == choice);
    let choice = known
        .or(kind.choices().first())
        .map_or("", |(known, _)| *known);
    match choice.split_once("tiered_") {
        Some((_, by)) => {
            sheet.set("kind", "tiered");
            sheet.set("by", by);
        }
        None => sheet.set("kind", choice),
    }
    sheet.set("currency", app.currency().code());
    sheet.set("active", "true");
    sheet.set("country", country);
    if choice == "buy_x_get_y" {
        for (name, value) in [("buy_quantity", 2), ("get_quantity", 1), ("percent", 100)] {
            sheet.set(name, value);
        }
    }
    show(&app, &session, kind, None, &sheet, SPARE).await
}

/// Names a row in a path of order's: a UUID, or the code of a shipping method. What could lead elsewhere names nothing.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RowId(String);

impl TryFrom<String> for RowId {
    type Error = &'static str;

    fn try_from(id: String) -> std::result::Result<Self, Self::Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if id.bytes().all(plain) {
            Ok(Self(id))
        } else {
            Err("no id")
        }
    }
}

pub(super) async fn edit(
    kind: Kind,
    State(app): State<AppState>,
    session: Session,
    Path(RowId(id)): Path<RowId>,
) -> Result<Response> {
    allowed(kind, &session)?;
    let (sheet, version) = kind
        .kept(&app, &id)
        .await?
        .ok_or_else(PageError::not_found)?;
    show(&app, &session, kind, Some((&id, version)), &sheet, SPARE).await
}

pub(super) async fn create(
    kind: Kind,
    State(app): State<AppState>,
    StaffForm(session, pairs): StaffForm<Vec<(String, String)>>,
) -> Result<Response> {
    write(kind, &app, &session, None, Sheet::sent(pairs)).await
}

pub(super) async fn save(
    kind: Kind,
    State(app): State<AppState>,
    Path(RowId(id)): Path<RowId>,
    StaffForm(session, pairs): StaffForm<Vec<(String, String)>>,
) -> Result<Response> {
    write(kind, &app, &session, Some(&id), Sheet::sent(pairs)).await
}

async fn write(
    kind: Kind,
    app: &AppState,
    session: &Session,
    id: Option<&str>,
    mut sheet: Sheet,
) -> Result<Response> {
    allowed(kind, session)?;
    let version = sheet.value("version").parse().unwrap_or_default();
    let shown = id.map(|id| (id, version));
    for prefix in kind.scopes() {
        add_products(app, &mut sheet, prefix).await?;
    }
    if let Some(table) = kind.table() {
        sheet.rows(table);
    }
    if sheet.is("do", "more") {
        return show(app, session, kind, shown, &sheet, MORE).await;
    }
    let body = kind.body(&mut sheet, app.currency());
    let known = id.map(|id| Known { id, version });
    let saved = keep::save(app, session, kind, known, &body, &mut sheet).await?;
    let Some(row) = saved else {
        return show(app, session, kind, shown, &sheet, SPARE).await;
    };
    let done = if id.is_some() { "kept" } else { "made" };
    let page = match (kind, row["id"].as_str().or(id)) {
        (Kind::Coupon, Some(id)) => format!("{}/{id}", kind.page()),
        _ => kind.page().to_owned(),
    };
    Ok(Redirect::to(&format!("{page}?done={done}")).into_response())
}

/// Products that were named by their SKUs.
async fn add_products(app: &AppState, sheet: &mut Sheet, prefix: &str) -> Result<()> {
    let field = format!("{prefix}skus");
    let skus = sheet.list(&field);
    if skus.is_empty() {
        return Ok(());
    }
    let mut db = app.product_db.acquire().await?;
    let found = goods::with_skus(&mut db, &skus).await?;
    sheet.forget(&field);
    let mut unknown = Vec::new();
    for sku in skus {
        match found.iter().find(|variant| variant.sku == sku) {
            Some(variant) => sheet.set(format!("{prefix}product_ids"), variant.product_id),
            None => unknown.push(sku),
        }
    }
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        sheet.refuse(&field, format!("no product has the SKU {unknown}"));
        sheet.set(&field, unknown);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct Switch {
    version: i32,
    on: bool,
}

pub(super) async fn switch(
    kind: Kind,
    State(app): State<AppState>,
    Path(RowId(id)): Path<RowId>,
    StaffForm(session, form): StaffForm<Switch>,
) -> Result<Response> {
    allowed(kind, &session)?;
    let (mut sheet, _) = kind
        .kept(&app, &id)
        .await?
        .ok_or_else(PageError::not_found)?;
    sheet.forget("active");
    sheet.set("active", form.on);
    let body = kind.body(&mut sheet, app.currency());
    let known = Known {
        id: &id,
        version: form.version,
    };
    let saved: Option<Value> =
        keep::save(&app, &session, kind, Some(known), &body, &mut sheet).await?;
    if saved.is_none() {
        return show(
            &app,
            &session,
            kind,
            Some((&id, form.version)),
            &sheet,
            SPARE,
        )
        .await;
    }
    let done = if form.on { "on" } else { "off" };
    let page = match kind {
        Kind::Coupon => format!("{}/{id}", kind.page()),
        _ => kind.page().to_owned(),
    };
    Ok(Redirect::to(&format!("{page}?done=switched_{done}")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Remove {
    version: i32,
}

pub(super) async fn remove(
    kind: Kind,
    State(app): State<AppState>,
    Path(RowId(id)): Path<RowId>,
    StaffForm(session, form): StaffForm<Remove>,
) -> Result<Redirect> {
    allowed(kind, &session)?;
    let known = Known {
        id: &id,
        version: form.version,
    };
    keep::remove(&app, &session, kind, known).await?;
    Ok(Redirect::to(&format!("{}?done=gone", kind.page())))
}

fn allowed(kind: Kind, session: &Session) -> Result<()> {
    if kind.may(session) {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}
