//! `GET /api/products/suggest`: suggestions as one types

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Problem, Query, Result, etag};
use primitives::{CategoryId, ProductId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::SearchText;
use super::view::PriceRange;
use crate::app::AppState;
use crate::domain::search::text::{self, Term};
use crate::store::search::suggest::{self as store, Completion};
use crate::store::search::understand::understand;

/// What is typed so far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Suggest {
    /// The words so far; the last one may be unfinished.
    #[param(value_type = String, max_length = 200)]
    q: SearchText,
}

/// What may be meant, the best first; at most six of each.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    /// Queries to search for: completed, or with typing errors mended.
    queries: Vec<String>,
    categories: Vec<SuggestedCategory>,
    products: Vec<SuggestedProduct>,
}

/// A category to go to.
#[derive(Debug, Serialize, ToSchema)]
struct SuggestedCategory {
    id: CategoryId,
    slug: String,
    name: String,
}

/// A product to go to.
#[derive(Debug, Serialize, ToSchema)]
struct SuggestedProduct {
    id: ProductId,
    slug: String,
    title: String,
    price: PriceRange,
}

/// Suggests queries, categories and products while somebody types.
#[utoipa::path(
    get, path = "/api/products/suggest", tag = "products", security((), ("bearer" = [])),
    params(Suggest),
    responses((status = 200, body = Suggestions), (status = 422, body = Problem))
)]
pub(crate) async fn suggest(
    State(state): State<AppState>,
    // Suggests the same to everybody, but to nobody with a token that is not good.
    _: MaybeUser,
    Query(query): Query<Suggest>,
    headers: HeaderMap,
) -> Result<Response> {
    let typed = query.q.as_str();
    let mut words: Vec<String> = text::parse(typed)
        .into_iter()
        .map(|term| match term {
            Term::Word(words) | Term::Phrase(words) | Term::Not(words) => words,
        })
        .collect();
    let Some(begun) = words.pop() else {
        return Ok(etag::respond_hashed(&headers, Suggestions::default()));
    };
    let mut db = state.context.pool.acquire().await?;
    let (completions, categories) = store::complete(&mut db, &words, &begun).await?;
    let before: Vec<Term> = words.iter().cloned().map(Term::Word).collect();
    let (queries, products) = if completions.is_empty() {
        // No word begins like that: perhaps it is finished, and misspelt.
        let terms: Vec<Term> = before.into_iter().chain([Term::Word(begun)]).collect();
        match understand(&mut db, &terms, true).await? {
            Some(meaning) => (
                meaning.corrected.into_iter().collect(),
                store::products(&mut db, &meaning.query, &[]).await?,
            ),
            None => (Vec::new(), Vec::new()),
        }
    } else {
        let meaning = if before.is_empty() {
            None
        } else {
            understand(&mut db, &before, true).await?
        };
        let (said, asked) = meaning.map_or_else(Default::default, |found| {
            (found.terms.join(" "), found.query)
        });
        (
            queries(&said, &completions),
            store::products(&mut db, &asked, &completions).await?,
        )
    };
    let suggestions = Suggestions {
        queries,
        categories: categories
            .into_iter()
            .map(|found| SuggestedCategory {
                id: found.id,
                slug: found.slug,
                name: found.name,
            })
            .collect(),
        products: products
            .into_iter()
            .map(|found| {
                Ok(SuggestedProduct {
                    price: PriceRange::of(found.price_min, found.price_max, &found.currency)?,
                    id: found.id,
                    slug: found.slug,
                    title: found.title,
                })
            })
            .collect::<Result<_>>()?,
    };
    Ok(etag::respond_hashed(&headers, suggestions))
}

fn queries(before: &str, completions: &[Completion]) -> Vec<String> {
    completions
        .iter()
        .map(|found| format!("{before} {}", found.word).trim().to_owned())
        .collect()
}
