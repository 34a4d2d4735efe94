//! What the keyboard does.

use askama::Template;
use axum::response::Html;

use super::shell::{KEYS, Shell};
use crate::error::Result;
use crate::format::filters;
use crate::session::Session;

#[derive(Template)]
#[template(path = "keys.html")]
struct Page {
    shell: Shell,
    keys: &'static [(&'static str, &'static str)],
}

pub(super) async fn page(session: Session) -> Result<Html<String>> {
    let page = Page {
        shell: Shell::new(&session, "", None),
        keys: KEYS,
    };
    Ok(Html(page.render()?))
}
