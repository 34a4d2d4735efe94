use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::response::Html;
use primitives::CategoryId;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, chosen};
use crate::pages::shell::Shell;
use crate::read::categories::{self, Node};
use crate::read::snapshot;
use crate::session::May;

#[derive(Template)]
#[template(path = "categories/list.html")]
struct Page {
    shell: Shell,
    nodes: Vec<Node>,
    /// Whether more are there than are shown.
    folded: bool,
    can_edit: bool,
}

impl Page {
    /// Each with its place among its siblings, from 0.
    fn placed(&self) -> Vec<(&Node, usize)> {
        let mut siblings: HashMap<Option<CategoryId>, usize> = HashMap::new();
        let mut placed = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let before = siblings.entry(node.parent_id).or_default();
            placed.push((node, *before));
            *before += 1;
        }
        placed
    }
}

/// So many are shown at once; of more, the top and the branch that somebody looks at.
const MANY: usize = 80;

/// Of a large tree: the top, the way to a category, and what lies right in it.
fn fold(nodes: &mut Vec<Node>, within: Option<CategoryId>) -> bool {
    if nodes.len() <= MANY {
        return false;
    }
    let mut open = Vec::new();
    let mut next = within;
    while let Some(id) = next {
        open.push(id);
        let node = nodes.iter().find(|node| node.id == id);
        // A tree has no rings, but a page must end whatever the data are.
        next = node
            .and_then(|node| node.parent_id)
            .filter(|id| !open.contains(id));
    }
    nodes.retain(|node| node.parent_id.is_none_or(|parent| open.contains(&parent)));
    true
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
    within: String,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.product_db).await?;
    let mut nodes = categories::tree(&mut db).await?;
    let page = Page {
        shell: Shell::new(&session, "/admin/categories", params.done.as_deref()),
        folded: fold(&mut nodes, chosen(&params.within)),
        nodes,
        can_edit: session.may::<ManageCatalogue>(),
    };
    Ok(Html(page.render()?))
}
