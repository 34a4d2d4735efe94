//! Documents of an order.

pub(crate) mod get;
pub(crate) mod invoice;
pub(crate) mod list;
pub(crate) mod packing_slip;

use serde::Deserialize;
use utoipa::IntoParams;

use crate::documents::Format;

/// As what a document is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// `html` or `pdf`; without it the `Accept` header decides, and then it is a page.
    #[param(inline)]
    format: Option<Format>,
}
