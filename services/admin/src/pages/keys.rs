//! What the keyboard does, and whether single letters do something: who speaks to the computer, or misses keys, switches them off.

use askama::Template;
use axum::http::HeaderMap;
use axum::response::{Html, Redirect};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::shell::{KEYS, Shell};
use crate::error::Result;
use crate::format::filters;
use crate::input::StaffForm;
use crate::session::{LETTERS, Session, cookie};

const PAGE: &str = "/admin/keys";

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

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Letters {
    On,
    Off,
}

#[derive(Deserialize)]
pub(super) struct Switch {
    letters: Letters,
}

pub(super) async fn submit(
    headers: HeaderMap,
    jar: CookieJar,
    StaffForm(_, form): StaffForm<Switch>,
) -> (CookieJar, Redirect) {
    let word = match form.letters {
        Letters::On => "on",
        Letters::Off => "off",
    };
    let mut cookie = cookie(&headers, LETTERS, word.to_owned());
    cookie.make_permanent();
    (jar.add(cookie), Redirect::to(PAGE))
}
