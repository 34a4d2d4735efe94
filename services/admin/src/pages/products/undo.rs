//! Taking the last change of a price or a stock back: what it would take is kept in a cookie, so that nobody can offer staff a link
//! that changes something else.

use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use primitives::{LocationId, Money, ProductId, VariantId};
use serde::{Deserialize, Serialize};

use crate::session::{cookie, read_cookie};

const NAME: &str = "mercato_undo";

/// How a change is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Undo {
    pub(super) product: ProductId,
    pub(super) variant: VariantId,
    /// The product's, after the change: nothing is taken back that somebody has changed since.
    pub(super) version: i32,
    pub(super) what: What,
    /// The list that it was done in.
    pub(super) back: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// It cost that before.
    Price { was: Money, compared: Option<Money> },
    /// So many units more were there. As a difference, because sales go on meanwhile.
    Stock { location: LocationId, delta: i32 },
}

impl Undo {
    /// What the last change in this browser can be taken back with.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(read_cookie(headers, NAME)?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(super) fn keep(&self, headers: &HeaderMap, jar: CookieJar) -> CookieJar {
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        jar.add(cookie(headers, NAME, text))
    }

    pub(super) fn forget(headers: &HeaderMap, jar: CookieJar) -> CookieJar {
        jar.remove(cookie(headers, NAME, String::new()))
    }
}
