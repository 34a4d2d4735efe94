//! Light or dark: what the browser says, or what was chosen here.

use axum::http::{HeaderMap, header};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use crate::input::StaffForm;
use crate::session::{THEME, Theme, cookie};

#[derive(Deserialize)]
pub(super) struct Choose {
    theme: Theme,
}

pub(super) async fn submit(
    headers: HeaderMap,
    jar: CookieJar,
    StaffForm(_, form): StaffForm<Choose>,
) -> (CookieJar, Redirect) {
    let mut cookie = cookie(&headers, THEME, form.theme.as_str().to_owned());
    cookie.make_permanent();
    (jar.add(cookie), Redirect::to(&page_before(&headers)))
}

/// The page that the form stood on, if it is one of ours.
fn page_before(headers: &HeaderMap) -> String {
    let referer = headers
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok());
    let path = referer
        .and_then(|address| address.parse::<axum::http::Uri>().ok())
        .and_then(|address| Some(address.path_and_query()?.as_str().to_owned()));
    path.filter(|path| {
        path == "/admin" || path.starts_with("/admin/") || path.starts_with("/admin?")
    })
    .unwrap_or_else(|| "/admin".to_owned())
}
