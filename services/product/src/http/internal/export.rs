//! `GET /internal/users/{id}/export`

use auth_token::Service;
use axum::extract::State;
use contracts::internal::exports::ExportPage;
use http_kit::{Error, Json, Page, PageQuery, Path, Problem, Query, Result};
use primitives::{ProductId, UserId};

use crate::app::AppState;
use crate::store::people;

/// What this service knows of a user: reviews, wish list, and a seller's products.
#[utoipa::path(
    get, path = "/internal/users/{id}/export", tag = "internal",
    params(("id" = UserId, Path), PageQuery),
    responses(
        (status = 200, body = ExportPage),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
    )
)]
pub(crate) async fn export(
    State(state): State<AppState>,
    service: Service,
    Path(id): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ExportPage>> {
    if service.user()?.user_id != id {
        return Err(Error::forbidden(
            "forbidden",
            "This must be called in that user's name.",
        ));
    }
    let after = query.after::<ProductId>()?;
    let mut db = state.context.pool.acquire().await?;
    let products = people::export_products(&mut db, id, after, query.limit().fetch()).await?;
    let page = Page::cut(products, query.limit(), |(id, _)| *id)?;
    let mut answer = ExportPage {
        next_cursor: page.next_cursor.map(|cursor| cursor.as_str().to_owned()),
        ..ExportPage::default()
    };
    let mut add = |section: &str, entries| answer.sections.insert(section.to_owned(), entries);
    add(
        "products",
        page.data.into_iter().map(|(_, entry)| entry).collect(),
    );
    if after.is_none() {
        // One review for each thing bought, so there are not many.
        add("reviews", people::export_reviews(&mut db, id).await?);
        add("review_replies", people::export_replies(&mut db, id).await?);
        add("review_votes", people::export_votes(&mut db, id).await?);
        add("purchases", people::export_purchases(&mut db, id).await?);
        add("imports", people::export_imports(&mut db, id).await?);
        add("wishlist", people::export_wishlist(&mut db, id).await?);
        let recommended = people::export_recommendations(&mut db, id).await?;
        add("recommendations", recommended);
        add(
            "wishlist_settings",
            people::export_wishlist_settings(&mut db, id).await?,
        );
    }
    Ok(Json(answer))
}
