//! `GET /api/products`: list and search

use std::sync::Arc;

use auth_token::{MaybeUser, Principal, Role};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use http_kit::{Cursor, Error, FieldErrors, Limit, Page, Result, parse_open_query};
use primitives::{ProductId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::facets::{Facets, to_name};
use super::view::ProductSummary;
use crate::app::AppState;
use crate::cache::{Answer, Audience, Loaded, Tag};
use crate::domain::search::facets::{Counts, Narrowed};
use crate::domain::search::snapshot::Snapshot;
use crate::domain::search::{attribute_filter, text};
use crate::domain::status::Status;
use crate::http::access;
use crate::media::Media;
use crate::store::listing::{self, Filter, Place, Sort};
use crate::store::search::facets::{self, Known, Names};
use crate::store::search::page::page;
use crate::store::search::resolve::resolve;
use crate::store::search::understand::{Meaning, understand};

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
    /// Whether to count the matches by category, price, rating, seller and attribute as well; of active products only.
    facets: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct SearchText(String);

impl SearchText {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

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
    /// What was looked for instead of `q`, if words in it are in no product: typing errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<String>,
    /// True if no product has all the words, so that these lack one.
    #[serde(skip_serializing_if = "Option::is_none")]
    relaxed: Option<bool>,
    /// With `facets=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<Facets>,
}

/// Lists and searches products.
#[utoipa::path(
    get, path = "/api/products", tag = "products", security((), ("bearer" = [])),
    params(
        ListProducts,
        ("attr.{key}" = Option<String>, Query, description = "Of an attribute or option: values separated by commas, of which one will do, \
            or a range of numbers such as `1..2.5`. Any number of attributes."),
    ),
    responses((status = 200, body = ProductPage), (status = 403, body = http_kit::Problem), (status = 422, body = http_kit::Problem))
)]
pub(crate) async fn list_products(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response> {
    let (query, attributes) =
        parse_open_query::<ListProducts>(query.as_deref().unwrap_or_default(), "attr.")?;
    let filter = query.filter(viewer.as_ref(), &attributes)?;
    let sort = query.sort.map_or(
        if filter.text.is_some() {
            Sort::Relevance
        } else {
            Sort::Newest
        },
        Sort::from,
    );
    let asked = Asked {
        filter,
        sort,
        limit: query.limit.unwrap_or_default(),
        after: query
            .cursor
            .as_ref()
            .map(Cursor::decode::<Mark>)
            .transpose()?,
        facets: query.facets.unwrap_or(false),
    };
    let public = asked.filter.status == Some(Status::Active);
    let audience = if public {
        Audience::of(viewer.as_ref())
    } else {
        Audience::Insider
    };
    let load = async {
        let mut db = state.context.pool.acquire().await?;
        let page = if public {
            let snapshot = state.snapshots.borrow().clone();
            asked
                .public(&mut db, &state.media, &state.known_values, snapshot)
                .await?
        } else {
            asked.private(&mut db, &state.media).await?
        };
        Ok(Loaded::Keep(Answer::hashed(&page)?, vec![Tag::Products]))
    };
    let loaded = match audience {
        Audience::Insider => load.await?,
        Audience::Customer | Audience::Everybody => state.cache.get(&uri, load).await?,
    };
    loaded.respond(audience, &headers, access::not_found)
}

/// What is asked, understood.
struct Asked {
    filter: Filter,
    sort: Sort,
    limit: Limit,
    after: Option<Mark>,
    facets: bool,
}

/// Where a page ends. A search says how it was understood, so that the next page is of the same list even if new words have come.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    key: i64,
    id: ProductId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    terms: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    relaxed: bool,
}

impl Asked {
    /// What everybody sees: at most three statements, three more with facets, and one more if nothing has all the words.
    async fn public(
        self,
        db: &mut PgConnection,
        media: &Media,
        known: &Known,
        snapshot: Option<Arc<Snapshot>>,
    ) -> Result<ProductPage> {
        let after = self.after.as_ref().map(|mark| Place {
            key: mark.key,
            id: mark.id,
        });
        let mut meaning = match (&self.filter.text, &self.after) {
            (None, _) => None,
            (Some(_), Some(mark)) => {
                understand(db, &text::parse(&mark.terms.join(" ")), false).await?
            }
            (Some(typed), None) => understand(db, &text::parse(typed), true).await?,
        };
        if self.filter.text.is_some() && meaning.is_none() {
            // Nothing but signs and stop words.
            return Ok(ProductPage::empty(self.facets));
        }
        let narrowed = resolve(db, &self.filter).await?;
        let mut relaxed = self.after.as_ref().is_some_and(|mark| mark.relaxed);
        if relaxed {
            relax(&mut meaning);
        }
        let fetch = self.limit.fetch();
        let mut rows = page(db, meaning.as_ref(), &narrowed, self.sort, after, fetch).await?;
        if rows.is_empty() && after.is_none() && relax(&mut meaning) {
            relaxed = true;
            rows = page(db, meaning.as_ref(), &narrowed, self.sort, after, fetch).await?;
        }
        let terms = meaning
            .as_ref()
            .map(|meaning| meaning.terms.clone())
            .unwrap_or_default();
        let cut = Page::cut(rows, self.limit, |item| Mark {
            key: item.sort_key,
            id: item.id,
            terms: terms.clone(),
            relaxed,
        })?;
        let facets = if self.facets {
            let counts = match (&meaning, snapshot) {
                (None, Some(snapshot)) => {
                    let narrowed = narrowed.clone();
                    tokio::task::spawn_blocking(move || snapshot.count(&narrowed))
                        .await
                        .map_err(Error::internal)?
                }
                (meaning, _) => facets::count(db, meaning.as_ref(), &narrowed).await?,
            };
            let (codes, categories) = to_name(&counts);
            let names = facets::names(db, known, &codes, &categories).await?;
            Some(Facets::new(&counts, &narrowed, names))
        } else {
            None
        };
        let mut page = ProductPage::new(cut, media)?;
        if let Some(meaning) = &meaning {
            let marked = page
                .data
                .into_iter()
                .map(|found| found.marked(&meaning.lexemes));
            page.data = marked.collect();
        }
        page.facets = facets;
        page.corrected = meaning.and_then(|meaning| meaning.corrected);
        page.relaxed = relaxed.then_some(true);
        Ok(page)
    }

    /// What sellers and staff see of what is not public.
    async fn private(self, db: &mut PgConnection, media: &Media) -> Result<ProductPage> {
        let after = self.after.map(|mark| Place {
            key: mark.key,
            id: mark.id,
        });
        let rows = listing::page(db, &self.filter, self.sort, after, self.limit.fetch()).await?;
        let cut = Page::cut(rows, self.limit, |item| Mark {
            key: item.sort_key,
            id: item.id,
            terms: Vec::new(),
            relaxed: false,
        })?;
        ProductPage::new(cut, media)
    }
}

/// Lets a product lack one of the words; false if it must not lack any.
fn relax(meaning: &mut Option<Meaning>) -> bool {
    let Some(meaning) = meaning else { return false };
    match meaning.relaxed.take() {
        Some(query) => {
            meaning.query = query;
            true
        }
        None => false,
    }
}

impl ProductPage {
    fn new(page: Page<listing::Item>, media: &Media) -> Result<Self> {
        Ok(Self {
            data: page
                .data
                .into_iter()
                .map(|item| ProductSummary::new(item, media))
                .collect::<Result<_>>()?,
            next_cursor: page.next_cursor,
            corrected: None,
            relaxed: None,
            facets: None,
        })
    }

    fn empty(facets: bool) -> Self {
        let none = || Facets::new(&Counts::default(), &Narrowed::default(), Names::default());
        Self {
            data: Vec::new(),
            next_cursor: None,
            corrected: None,
            relaxed: None,
            facets: facets.then(none),
        }
    }
}

impl ListProducts {
    fn filter(
        &self,
        viewer: Option<&Principal>,
        attributes: &[(String, String)],
    ) -> Result<Filter> {
        let mut errors = FieldErrors::new();
        let attributes = attribute_filter::parse(attributes).unwrap_or_else(|wrong| {
            for (field, why) in wrong {
                errors.push(field, "invalid", why);
            }
            Vec::new()
        });
        let status = self.status.unwrap_or(StatusFilter::Active);
        if !matches!(status, StatusFilter::Active) {
            for filter in &attributes {
                let field = format!("attr.{}", filter.attribute);
                errors.push(field, "invalid", "filters active products only");
            }
            if self.facets == Some(true) {
                errors.push("facets", "invalid", "are counted of active products only");
            }
        }
        for (field, price) in [("min_price", self.min_price), ("max_price", self.max_price)] {
            if price.is_some_and(|price| price < 0) {
                errors.push(field, "invalid", "must not be negative");
            }
        }
        errors.into_result()?;
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
            attributes,
            status: status.status(),
        })
    }
}
