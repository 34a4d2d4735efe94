use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::CategoryId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm, chosen};
use crate::pages::act::{Change, change};
use crate::pages::products::call;
use crate::pages::shell::Shell;
use crate::read::categories::{self, Defined, Node};
use crate::read::snapshot;
use crate::session::{May, Session};

const TREE: &str = "/admin/categories";

#[derive(Template)]
#[template(path = "categories/edit.html")]
struct Page {
    shell: Shell,
    node: Node,
    /// Where it may hang: not in itself or below.
    parents: Vec<Node>,
    defined: Vec<Defined>,
    /// Products that lie in it, whatever their status.
    products: i64,
    can_edit: bool,
    media: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Path(id): Path<CategoryId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.product_db).await?;
    let mut nodes = categories::tree(&mut db).await?;
    let at = nodes
        .iter()
        .position(|node| node.id == id)
        .ok_or_else(PageError::not_found)?;
    let node = nodes.remove(at);
    // What is below follows it in the tree's order, deeper than it.
    let below = nodes
        .iter()
        .skip(at)
        .take_while(|other| other.depth > node.depth)
        .count();
    nodes.drain(at..at + below);
    let page = Page {
        shell: Shell::new(&session, TREE, params.done.as_deref()),
        defined: categories::defined(&mut db, id).await?,
        products: categories::products_in(&mut db, id).await?,
        node,
        parents: nodes,
        can_edit: session.may::<ManageCatalogue>(),
        media: app.media.clone(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    version: i32,
    name: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parent: String,
    #[serde(default)]
    position: String,
}

impl Form {
    fn body(&self) -> Value {
        let mut body = json!({
            "name": self.name.trim(),
            "description": self.description.trim(),
            "parent_id": chosen::<CategoryId>(&self.parent),
            "position": self.position.trim().parse().unwrap_or(0),
        });
        if !self.slug.trim().is_empty() {
            body["slug"] = self.slug.trim().into();
        }
        body
    }
}

pub(super) async fn create(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Redirect> {
    let body = form.body();
    let post = Change {
        action: "category.create",
        target: "category".to_owned(),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::POST, "/internal/api/categories")?.json(&body),
        page: TREE,
    };
    let (made, _) = change::<Made>(&app, &session, post).await?;
    Ok(Redirect::to(&format!(
        "{TREE}/{}?done=category_created",
        made.id
    )))
}

#[derive(Deserialize)]
struct Made {
    id: CategoryId,
}

pub(super) async fn save(
    State(app): State<AppState>,
    Path(id): Path<CategoryId>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Redirect> {
    let page = format!("{TREE}/{id}");
    put(&app, &session, id, (form.version, &form.body()), &page).await?;
    Ok(Redirect::to(&format!("{page}?done=category")))
}

async fn put(
    app: &AppState,
    session: &Session,
    id: CategoryId,
    (version, body): (i32, &Value),
    page: &str,
) -> Result<()> {
    let path = format!("/internal/api/categories/{id}");
    let put = Change {
        action: "category.update",
        target: format!("category:{id}"),
        details: json!({ "request": body }),
        call: call(app, session, Method::PUT, &path)?
            .version(Some(version))
            .json(body),
        page,
    };
    change::<Value>(app, session, put).await.map(drop)
}

#[derive(Deserialize)]
pub(super) struct Move {
    /// The place among its siblings, from 0, and which: sent twice, it moves once.
    r#move: String,
}

/// Puts it in another place among its siblings. They get positions of their own, so that their order is no accident.
pub(super) async fn arrange(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Move>,
) -> Result<Redirect> {
    let (to, id) = form.r#move.split_once(' ').unwrap_or_default();
    let (to, id): (usize, CategoryId) = chosen(to)
        .zip(chosen(id))
        .ok_or_else(PageError::not_found)?;
    let nodes = categories::tree(&mut *app.product_db.acquire().await?).await?;
    let moved = nodes
        .iter()
        .find(|node| node.id == id)
        .ok_or_else(PageError::not_found)?;
    let mut siblings: Vec<&Node> = nodes
        .iter()
        .filter(|node| node.parent_id == moved.parent_id)
        .collect();
    let at = siblings.iter().position(|node| node.id == id).unwrap_or(0);
    let node = siblings.remove(at);
    siblings.insert(to.min(siblings.len()), node);
    for (place, node) in siblings.into_iter().enumerate() {
        let position = i32::try_from(place + 1).unwrap_or(i32::MAX);
        if node.position != position {
            let body = json!({
                "name": node.name, "slug": node.slug, "description": node.description, "parent_id": node.parent_id, "position": position,
            });
            put(&app, &session, node.id, (node.version, &body), TREE).await?;
        }
    }
    let within = moved
        .parent_id
        .map_or(String::new(), |id| format!("&within={id}"));
    Ok(Redirect::to(&format!(
        "{TREE}?done=category_moved{within}#c-{id}"
    )))
}

#[derive(Deserialize)]
pub(super) struct Delete {
    version: i32,
    /// What becomes of its products, and of the categories below.
    #[serde(default)]
    products: String,
    #[serde(default)]
    children: String,
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Path(id): Path<CategoryId>,
    StaffForm(session, form): StaffForm<Delete>,
) -> Result<Redirect> {
    let pairs = [
        ("products", form.products.trim()),
        ("children", form.children.trim()),
    ];
    let pairs: Vec<_> = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let query = serde_html_form::to_string(pairs).unwrap_or_default();
    let (path, page) = (
        format!("/internal/api/categories/{id}?{query}"),
        format!("{TREE}/{id}"),
    );
    let delete = Change {
        action: "category.delete",
        target: format!("category:{id}"),
        details: json!({ "products": form.products, "children": form.children }),
        call: call(&app, &session, Method::DELETE, &path)?.version(Some(form.version)),
        page: &page,
    };
    change::<Value>(&app, &session, delete).await?;
    Ok(Redirect::to(&format!("{TREE}?done=category_deleted")))
}
