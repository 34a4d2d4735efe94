//! The editor: all that a product says, its variants as a table, its pictures.

use std::borrow::Borrow;
use std::collections::HashMap;

use askama::Template;
use auth_token::CallError;
use auth_token::permissions::{ApproveProducts, ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use primitives::ProductId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::draft::{Draft, api, call};
use super::fields::{Fields, Terms, Wrong, refused};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm};
use crate::pages::act::{Change, attempt, change};
use crate::pages::shell::Shell;
use crate::read::categories::{self, CategoryName};
use crate::read::products::detail::{self, Definition, Head, Picture, VariantRow};
use crate::read::{snapshot, users};
use crate::session::{May, Session};

/// So many variants are edited at a time.
const AT_A_TIME: usize = 15;
/// Deeper than any tree.
const ALL: i64 = 99;

#[derive(Template)]
#[template(path = "products/edit.html")]
struct Page {
    shell: Shell,
    /// Nothing while it is being written for the first time.
    product: Option<Shown>,
    fields: Fields,
    wrong: Vec<Wrong>,
    definitions: Vec<Definition>,
    categories: Vec<CategoryName>,
    can_edit: bool,
    can_decide: bool,
    /// A column for another option.
    another_option: bool,
    /// The place of the first variant that is shown.
    from: usize,
    media: String,
    /// Makes a form that is sent twice act once.
    key: String,
}

/// What stands beside the form.
struct Shown {
    head: Head,
    seller: String,
    variants: Vec<VariantRow>,
    pictures: Vec<Picture>,
}

impl Page {
    fn path(&self) -> String {
        match &self.product {
            Some(shown) => format!("/admin/products/{}", shown.head.id),
            None => "/admin/products/new".to_owned(),
        }
    }

    /// Where a picture would stand instead.
    fn moves(place: impl Borrow<usize>) -> [(usize, &'static str); 2] {
        let place = *place.borrow();
        [(place.saturating_sub(1), "Earlier"), (place + 1, "Later")]
    }

    /// The rows of the table, with one that is free where there may be several.
    fn rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.fields.rows().into_iter().collect();
        let several = self.another_option || !self.fields.options().is_empty();
        if self.can_edit && (several || rows.is_empty()) {
            rows.push(rows.last().map_or(0, |last| last + 1));
        }
        rows
    }

    /// What is wrong with the fields of a row.
    fn problems(&self, row: &usize) -> Vec<&str> {
        let of_row = format!("v{row}.");
        let found = self
            .wrong
            .iter()
            .filter(|wrong| wrong.field.starts_with(&of_row));
        found.map(|wrong| wrong.message.as_str()).collect()
    }

    /// How many columns the table of variants has.
    fn columns(&self) -> usize {
        let new = usize::from(self.another_option && self.fields.value("new_option").is_empty());
        6 + self.fields.options().len() + new
    }

    /// How many variants there are, on all pages.
    fn variants(&self) -> usize {
        self.product
            .as_ref()
            .map_or(0, |shown| shown.variants.len())
    }

    /// The pages of variants: where each begins and ends.
    fn pages(&self) -> Vec<(usize, usize)> {
        let starts = (0..self.variants()).step_by(AT_A_TIME);
        let page = |from: usize| (from, (from + AT_A_TIME).min(self.variants()));
        starts.map(page).collect()
    }

    fn variant(&self, sku: &str) -> Option<&VariantRow> {
        let shown = self.product.as_ref()?;
        shown.variants.iter().find(|variant| variant.sku == sku)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
    /// `1`: with a column for another option.
    option: Option<String>,
    /// The place of the first variant to be shown.
    from: Option<String>,
    category: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Path(id): Path<ProductId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let page = build(&app, &session, Some(id), &params, None).await?;
    Ok(Html(page.render()?))
}

pub(super) async fn new(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let page = build(&app, &session, None, &params, None).await?;
    Ok(Html(page.render()?))
}

/// The page of a product, with the fields as it has them or as they were sent.
async fn build(
    app: &AppState,
    session: &Session,
    id: Option<ProductId>,
    params: &Params,
    sent: Option<(Fields, Vec<Wrong>)>,
) -> Result<Page> {
    let mut db = snapshot(&app.product_db).await?;
    let categories = categories::names(&mut db, ALL).await?;
    let mut product = None;
    if let Some(id) = id {
        let head = detail::head(&mut db, id)
            .await?
            .ok_or_else(PageError::not_found)?;
        product = Some(Shown {
            variants: detail::variants(&mut db, &head, app.clock.now()).await?,
            pictures: detail::pictures(&mut db, id).await?,
            seller: String::new(),
            head,
        });
    }
    let category = match (&sent, &product) {
        (Some((fields, _)), _) => fields.value("category").parse().ok(),
        (None, Some(shown)) => shown.head.category_id,
        (None, None) => params.category.as_deref().and_then(|id| id.parse().ok()),
    };
    let definitions = detail::definitions(&mut db, category).await?;
    let currency = detail::usual_currency(&mut db).await?;
    drop(db);
    if let Some(shown) = &mut product {
        let seller = shown.head.seller_id.uuid();
        let names: HashMap<_, _> =
            users::names(&mut *app.auth_db.acquire().await?, &[seller]).await?;
        shown.seller = names.get(&seller).cloned().unwrap_or_default();
    }
    let from = params.from.as_deref().and_then(|from| from.parse().ok());
    let from: usize = from
        .filter(|from| {
            product
                .as_ref()
                .is_some_and(|shown| *from < shown.variants.len())
        })
        .unwrap_or(0);
    let (fields, wrong) = match (sent, &product) {
        (Some(sent), _) => sent,
        (None, Some(shown)) => {
            let some = shown.variants.iter().enumerate().skip(from).take(AT_A_TIME);
            let fields = Fields::of(&shown.head, some, &definitions);
            (fields, Vec::new())
        }
        (None, None) => {
            let mut fields = Fields::default();
            fields.set("currency", currency);
            fields.set("tax_class", "standard");
            fields.set("category", params.category.clone().unwrap_or_default());
            (fields, Vec::new())
        }
    };
    let archived = product
        .as_ref()
        .is_some_and(|shown| shown.head.status == "archived");
    Ok(Page {
        shell: Shell::new(session, "/admin/products", params.done.as_deref()),
        another_option: params.option.is_some() || !fields.value("new_option").is_empty(),
        product,
        fields,
        wrong,
        definitions,
        categories,
        can_edit: session.may::<ManageCatalogue>() && !archived,
        can_decide: session.may::<ApproveProducts>() && !archived,
        from,
        media: app.media.clone(),
        key: app.sessions.new_token(),
    })
}

/// The form again, with all that is wrong where it is wrong.
async fn again(
    app: &AppState,
    session: &Session,
    id: Option<ProductId>,
    params: &Params,
    (fields, wrong): (Fields, Vec<Wrong>),
) -> Result<Response> {
    let page = build(app, session, id, params, Some((fields, wrong))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}

pub(super) async fn save(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    Query(params): Query<Params>,
    StaffForm(session, pairs): StaffForm<Vec<(String, String)>>,
) -> Result<Response> {
    let (fields, page) = (Fields::sent(pairs), format!("/admin/products/{id}"));
    let before = Draft::read(&app, &session, id).await?;
    let definitions = definitions(&app, &fields).await?;
    let (draft, terms) = match (fields.draft(&definitions, Some(&before)), fields.terms()) {
        (Ok(draft), Ok(terms)) => (draft, terms),
        (draft, terms) => {
            let wrong = draft.err().into_iter().chain(terms.err()).flatten();
            let sent = (fields.clone(), wrong.collect());
            return again(&app, &session, Some(id), &params, sent).await;
        }
    };
    let path = api(id, "");
    let put = Change {
        action: "product.update",
        target: format!("product:{id}"),
        details: json!({ "request": draft.body() }),
        call: call(&app, &session, Method::PUT, &path)?
            .version(Some(draft.version))
            .json(&draft.body()),
        page: &page,
    };
    let version = match attempt::<Value>(&app, &session, put).await? {
        Ok((_, version)) => version,
        Err(CallError::Problem { status, body, .. })
            if status == StatusCode::UNPROCESSABLE_ENTITY =>
        {
            let sent = (fields, refused(&body, &draft));
            return again(&app, &session, Some(id), &params, sent).await;
        }
        Err(error) => return Err(PageError::from(error).back_to(&page)),
    };
    set_terms(&app, &session, id, &page, &terms, version).await?;
    let from = params.from.filter(|from| from.parse::<usize>().is_ok());
    let from = from.map_or_else(String::new, |from| format!("&from={from}"));
    Ok(Redirect::to(&format!("{page}?done=product{from}")).into_response())
}

/// Writes the terms of those variants that have others than before.
async fn set_terms(
    app: &AppState,
    session: &Session,
    id: ProductId,
    page: &str,
    terms: &[Terms],
    mut version: Option<i32>,
) -> Result<()> {
    let mut db = app.product_db.acquire().await?;
    let Some(head) = detail::head(&mut db, id).await? else {
        return Ok(());
    };
    let variants = detail::variants(&mut db, &head, app.clock.now()).await?;
    drop(db);
    let path = api(id, "/stock/terms");
    for wanted in terms {
        let Some(known) = variants.iter().find(|known| known.sku == wanted.sku) else {
            continue;
        };
        let same_day = known.available_on.map(super::fields::minute)
            == wanted.available_on.map(super::fields::minute);
        if (known.threshold, known.backorder, same_day)
            == (wanted.threshold, wanted.backorder, true)
        {
            continue;
        }
        let mut body = json!({ "variant_id": known.id, "low_stock_threshold": wanted.threshold });
        if wanted.backorder {
            body["backorder"] = json!({ "limit": known.backorder_limit });
        }
        if let Some(day) = wanted.available_on {
            body["preorder"] = json!({ "available_on": day, "limit": known.preorder_limit });
        }
        let put = Change {
            action: "product.set_stock_terms",
            target: format!("product:{id}"),
            details: json!({ "request": body }),
            call: call(app, session, Method::PUT, &path)?
                .version(version)
                .json(&body),
            page,
        };
        change::<Value>(app, session, put).await?;
        // The answer is the variant's: each write makes one version.
        version = version.map(|version| version + 1);
    }
    Ok(())
}

pub(super) async fn create(
    State(app): State<AppState>,
    StaffForm(session, pairs): StaffForm<Vec<(String, String)>>,
) -> Result<Response> {
    let fields = Fields::sent(pairs);
    let definitions = definitions(&app, &fields).await?;
    let draft = match fields.draft(&definitions, None) {
        Ok(draft) => draft,
        Err(wrong) => {
            return again(&app, &session, None, &Params::default(), (fields, wrong)).await;
        }
    };
    let body = draft.body();
    let post = Change {
        action: "product.create",
        target: "product".to_owned(),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::POST, "/internal/api/products")?.json(&body),
        page: "/admin/products/new",
    };
    match attempt::<Created>(&app, &session, post).await? {
        Ok((created, _)) => {
            let page = format!("/admin/products/{}?done=product_created", created.id);
            Ok(Redirect::to(&page).into_response())
        }
        Err(CallError::Problem { status, body, .. })
            if [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT].contains(&status) =>
        {
            let sent = (fields, refused(&body, &draft));
            again(&app, &session, None, &Params::default(), sent).await
        }
        Err(error) => Err(PageError::from(error).back_to("/admin/products/new")),
    }
}

#[derive(Deserialize)]
struct Created {
    id: ProductId,
}

async fn definitions(app: &AppState, fields: &Fields) -> Result<Vec<Definition>> {
    let mut db = app.product_db.acquire().await?;
    let category = fields.value("category").parse().ok();
    Ok(detail::definitions(&mut db, category).await?)
}

#[derive(Deserialize)]
pub(super) struct Archive {
    version: i32,
}

pub(super) async fn archive(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    StaffForm(session, form): StaffForm<Archive>,
) -> Result<Redirect> {
    let (path, page) = (api(id, ""), format!("/admin/products/{id}"));
    let delete = Change {
        action: "product.delete",
        target: format!("product:{id}"),
        details: json!({}),
        call: call(&app, &session, Method::DELETE, &path)?.version(Some(form.version)),
        page: &page,
    };
    change::<Value>(&app, &session, delete).await?;
    Ok(Redirect::to("/admin/products?done=archived"))
}
