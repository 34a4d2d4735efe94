//! `GET /api/products/export`

use std::sync::Arc;
use std::time::Duration;

use auth_token::{Role, Seller};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use futures::stream::try_unfold;
use http_kit::{Error, Problem, Query, Result, one_field};
use primitives::UserId;
use serde::Deserialize;
use sqlx::{Postgres, Transaction};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

use crate::app::AppState;
use crate::domain::import::Format;
use crate::domain::import::export::Layout;
use crate::domain::status::Status;
use crate::http::csv;
use crate::media::Media;
use crate::store::categories;
use crate::store::transfer::{self, Filter};

/// Products in a piece of the answer.
const PAGE: i64 = 200;

/// Which products, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Whose columns; `mercato` unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Only this seller's; for admins. Sellers get their own.
    #[param(value_type = Option<String>, format = Uuid)]
    seller: Option<UserId>,
    /// Only in this status; all but archived ones unless told.
    #[param(inline)]
    status: Option<ExportStatus>,
    /// Id or slug of a category; those below it are included.
    category: Option<String>,
    /// Begin with a byte order mark, which Excel needs to know UTF-8.
    bom: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportStatus {
    Draft,
    PendingReview,
    Active,
    Rejected,
}

impl From<ExportStatus> for Status {
    fn from(status: ExportStatus) -> Self {
        match status {
            ExportStatus::Draft => Self::Draft,
            ExportStatus::PendingReview => Self::PendingReview,
            ExportStatus::Active => Self::Active,
            ExportStatus::Rejected => Self::Rejected,
        }
    }
}

/// An export under way. It sees the catalogue as it was when it began.
struct Export {
    tx: Transaction<'static, Postgres>,
    filter: Filter,
    layout: Layout,
    marked: bool,
    media: Media,
    origin: String,
    /// The last address written; none before the header.
    after: Option<String>,
    _permit: OwnedSemaphorePermit,
}

/// Exports products as CSV: one's own, or all for admins. What comes out goes in again unchanged.
#[utoipa::path(
    get, path = "/api/products/export", tag = "import and export", security(("bearer" = [])),
    params(ExportQuery),
    responses(
        (status = 200, description = "CSV, UTF-8", body = String, content_type = "text/csv"),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 422, body = Problem),
        (status = 429, description = "`rate_limited`: others are exporting", body = Problem),
    )
)]
pub(crate) async fn export_products(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Query(query): Query<ExportQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let staff = principal.role == Role::Admin;
    let seller = query.seller.or((!staff).then_some(principal.user_id));
    if !staff && seller != Some(principal.user_id) {
        return Err(Error::forbidden(
            "forbidden",
            "Only staff export other sellers' products.",
        ));
    }
    let permit = Arc::clone(&state.exports)
        .try_acquire_owned()
        .map_err(|_| Error::rate_limited(Duration::from_secs(10)))?;
    let mut tx = state.context.pool.begin().await?;
    transfer::read_one_moment(&mut tx).await?;
    let category = match &query.category {
        None => None,
        Some(text) => {
            let found = categories::find(&mut tx, text.parse().ok(), text).await?;
            Some(
                found
                    .ok_or_else(|| {
                        one_field("category", "unknown", "is not a category of this shop")
                    })?
                    .id,
            )
        }
    };
    let filter = Filter {
        seller,
        status: query.status.map(Status::from),
        category,
    };
    let (attributes, options) = transfer::layout(&mut tx, filter).await?;
    let layout = Layout {
        format: query.format.unwrap_or_default(),
        sellers: staff,
        attributes,
        options: usize::try_from(options).unwrap_or_default(),
    };
    let export = Export {
        tx,
        filter,
        layout,
        marked: query.bom.unwrap_or(false),
        media: state.media.clone(),
        origin: origin(&headers),
        after: None,
        _permit: permit,
    };
    csv::answer("products.csv", try_unfold(export, Export::next))
}

impl Export {
    async fn next(mut self) -> Result<Option<(bytes::Bytes, Self)>> {
        let page = transfer::page(
            &mut self.tx,
            self.filter,
            self.after.as_deref().unwrap_or_default(),
            PAGE,
        )
        .await?;
        if page.is_empty() && self.after.is_some() {
            return Ok(None);
        }
        let ids: Vec<_> = page.iter().map(|(id, _)| *id).collect();
        let mut products = transfer::by_ids(&mut self.tx, &ids).await?;
        let place = |id: uuid::Uuid| ids.iter().position(|other| *other == id);
        products.sort_by_key(|product| place(product.id.uuid()));
        for image in products.iter_mut().flat_map(|product| &mut product.images) {
            let url = self.media.url(image);
            *image = if url.starts_with('/') {
                format!("{}{url}", self.origin)
            } else {
                url
            };
        }
        let first = self.after.is_none();
        let header = first.then(|| self.layout.header());
        let records = header.into_iter().chain(
            products
                .iter()
                .flat_map(|product| self.layout.rows(product)),
        );
        let piece = csv::piece(b',', first && self.marked, records)?;
        // Addresses are never empty, so this one comes before all and is not the beginning.
        self.after = Some(
            page.into_iter()
                .last()
                .map(|(_, slug)| slug)
                .unwrap_or_default(),
        );
        Ok(Some((piece, self)))
    }
}

/// Where the client found us, for the addresses of pictures.
fn origin(headers: &HeaderMap) -> String {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header("x-forwarded-host").or_else(|| header("host"));
    host.map(|host| format!("{}://{host}", header("x-forwarded-proto").unwrap_or("http")))
        .unwrap_or_default()
}
