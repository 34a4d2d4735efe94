//! `GET /api/products`: list and search

use auth_token::{MaybeUser, Principal, Role};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Cursor, Error, FieldErrors, Limit, Page, Query, Result, etag};
use primitives::{CategoryId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::ProductSummary;
use crate::app::AppState;
use crate::domain::status::Status;
use crate::store::listing::{self, Filter, Place, Sort};

/// What is looked for, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListProducts {
    /// Words; forgives typing errors.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<SearchText>,
    /// Id or slug of a category; those below it are included.
    category: Option<String>,
    /// Minor units; at least one variant costs as much.
    min_price: Option<i64>,
    /// Minor units; at least one variant costs no more.
    max_price: Option<i64>,
    /// Only what can be had now.
    in_stock: Option<bool>,
    /// At least so many stars on average.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 5)]
    rating: Option<crate::domain::text::Rating>,
    /// Of this seller.
    #[param(value_type = Option<String>, format = Uuid)]
    seller: Option<UserId>,
    /// Other than `active`: for staff, and for sellers who ask for their own with `seller`. `any` is all but the archived.
    #[param(inline)]
    status: Option<StatusFilter>,
    /// `relevance` with words, else `newest`.
    #[param(inline)]
    sort: Option<SortBy>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Whether to count the matches of each category as well.
    facets: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct SearchText(String);

impl TryFrom<String> for SearchText {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if text.chars().count() <= 200 && !text.contains('\0') {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be at most 200 characters")
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StatusFilter {
    Draft,
    PendingReview,
    Active,
    Rejected,
    Archived,
    Any,
}

impl StatusFilter {
    fn status(self) -> Option<Status> {
        match self {
            Self::Draft => Some(Status::Draft),
            Self::PendingReview => Some(Status::PendingReview),
            Self::Active => Some(Status::Active),
            Self::Rejected => Some(Status::Rejected),
            Self::Archived => Some(Status::Archived),
            Self::Any => None,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum SortBy {
    #[serde(rename = "relevance")]
    Relevance,
    #[serde(rename = "newest")]
    Newest,
    #[serde(rename = "price")]
    Price,
    #[serde(rename = "-price")]
    PriceDescending,
    #[serde(rename = "rating")]
    Rating,
    #[serde(rename = "popular")]
    Popular,
}

impl From<SortBy> for Sort {
    fn from(by: SortBy) -> Self {
        match by {
            SortBy::Relevance => Self::Relevance,
            SortBy::Newest => Self::Newest,
            SortBy::Price => Self::CheapestFirst,
            SortBy::PriceDescending => Self::DearestFirst,
            SortBy::Rating => Self::Rating,
            SortBy::Popular => Self::Popular,
        }
    }
}

/// One page of products.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductPage {
    data: Vec<ProductSummary>,
    /// Where the next page begins; null on the last one.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<Cursor>,
    /// With `facets=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<Facets>,
}

/// How many products match in each group.
#[derive(Debug, Serialize, ToSchema)]
struct Facets {
    /// All filters but `category` apply.
    categories: Vec<CategoryFacet>,
}

/// How many products match in a category.
#[derive(Debug, Serialize, ToSchema)]
struct CategoryFacet {
    id: CategoryId,
    slug: String,
    name: String,
    count: i64,
}

/// Lists and searches products.
#[utoipa::path(
    get, path = "/api/products", tag = "products", security((), ("bearer" = [])),
    params(ListProducts),
    responses((status = 200, body = ProductPage), (status = 403, body = http_kit::Problem), (status = 422, body = http_kit::Problem))
)]
pub(crate) async fn list_products(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Query(query): Query<ListProducts>,
    headers: HeaderMap,
) -> Result<Response> {
    let filter = query.filter(viewer.as_ref())?;
    let sort = query.sort.map_or(
        if filter.text.is_some() {
            Sort::Relevance
        } else {
            Sort::Newest
        },
        Sort::from,
    );
    let (limit, after) = (
        query.limit.unwrap_or_default(),
        query
            .cursor
            .as_ref()
            .map(Cursor::decode::<Place>)
            .transpose()?,
    );
    let mut db = state.context.pool.acquire().await?;
    let rows = listing::page(&mut db, &filter, sort, after, limit.fetch()).await?;
    let page = Page::cut(rows, limit, listing::Item::place)?;
    let facets = match query.facets {
        Some(true) => Some(Facets {
            categories: category_facets(listing::category_counts(&mut db, &filter).await?),
        }),
        Some(false) | None => None,
    };
    let data = page
        .data
        .into_iter()
        .map(|item| ProductSummary::new(item, &state.media))
        .collect::<Result<_>>()?;
    Ok(etag::respond_hashed(
        &headers,
        ProductPage {
            data,
            next_cursor: page.next_cursor,
            facets,
        },
    ))
}

impl ListProducts {
    fn filter(&self, viewer: Option<&Principal>) -> Result<Filter> {
        let mut errors = FieldErrors::new();
        for (field, price) in [("min_price", self.min_price), ("max_price", self.max_price)] {
            if price.is_some_and(|price| price < 0) {
                errors.push(field, "invalid", "must not be negative");
            }
        }
        errors.into_result()?;
        let status = self.status.unwrap_or(StatusFilter::Active);
        if !matches!(status, StatusFilter::Active) {
            let staff =
                viewer.is_some_and(|viewer| matches!(viewer.role, Role::Admin | Role::Support));
            let own = viewer.is_some_and(|viewer| self.seller == Some(viewer.user_id));
            let allowed = staff || (own && !matches!(status, StatusFilter::Archived));
            if !allowed {
                return Err(Error::forbidden(
                    "forbidden",
                    "Only staff see other than active products; sellers see their own with `seller`.",
                ));
            }
        }
        Ok(Filter {
            text: self
                .q
                .as_ref()
                .map(|text| text.0.clone())
                .filter(|text| !text.is_empty()),
            category: self.category.clone(),
            min_price: self.min_price,
            max_price: self.max_price,
            in_stock: self.in_stock.unwrap_or(false),
            rating: self.rating.map(|rating| rating.get().into()),
            seller: self.seller,
            status: status.status(),
        })
    }
}

fn category_facets(counts: Vec<listing::CategoryCount>) -> Vec<CategoryFacet> {
    counts
        .into_iter()
        .map(|found| CategoryFacet {
            id: found.id,
            slug: found.slug,
            name: found.name,
            count: found.count,
        })
        .collect()
}
