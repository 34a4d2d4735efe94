use auth_token::Service;
use axum::extract::State;
use contracts::internal::exports::ExportPage;
use http_kit::{Error, Json, Page, PageQuery, Path, Query};
use primitives::UserId;

use crate::app::AppState;
use crate::store::messages::erase;

/// What this service knows of a user: conversations, notifications
#[utoipa::path(get, path = "/internal/users/{id}/export", params(("id" = UserId, Path), PageQuery), responses((status = 200, body = ExportPage)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<ExportPage>> {
    if service.user()?.user_id != id {
        return Err(Error::forbidden(
            "forbidden",
            "This must be called in that user's name.",
        ));
    }
    let after = query.after()?;
    let mut db = app.pool.acquire().await?;
    let threads = erase::export(&mut db, id, after, query.limit().fetch()).await?;
    let page = Page::cut(threads, query.limit(), |(id, _)| *id)?;
    let mut answer = ExportPage {
        next_cursor: page.next_cursor.map(|cursor| cursor.as_str().to_owned()),
        ..ExportPage::default()
    };
    let mut add = |section: &str, entries| answer.sections.insert(section.to_owned(), entries);
    add(
        "conversations",
        page.data.into_iter().map(|(_, entry)| entry).collect(),
    );
    if after.is_none() {
        let told = erase::export_notifications(&mut db, id).await?;
        add("notifications", told);
        let preferences = erase::export_preferences(&mut db, id).await?;
        add("notification_preferences", preferences);
    }
    Ok(Json(answer))
}
