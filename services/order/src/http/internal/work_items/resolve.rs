use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Error, Json, Path};
use primitives::{Text, WorkItemId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::WorkItemView;
use crate::app::AppState;
use crate::store::work_items::{self, Resolution};
use crate::workflows::transition::Actor;

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// It was seen to: it is raised again if it is still so.
    Done,
    /// It is well as it is: the very same is not raised again.
    Ignored,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveWorkItem {
    resolution: Decision,
    #[schema(value_type = Option<String>)]
    note: Option<Text<2000>>,
}

/// Say what became of it. The same twice is no error
#[utoipa::path(post, path = "/internal/work-items/{id}/resolve", params(("id" = WorkItemId, Path)), request_body = ResolveWorkItem,
    responses((status = 200, body = WorkItemView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<WorkItemId>,
    Json(body): Json<ResolveWorkItem>,
) -> http_kit::Result<Json<WorkItemView>> {
    let staff = service.acting::<ManageOrders>()?;
    let note = body.note.as_ref().map(Text::as_str);
    let decision = match body.resolution {
        Decision::Done => "done",
        Decision::Ignored => "ignored",
    };
    let by = Actor::Staff(&staff).to_string();
    let resolution = Resolution {
        resolution: decision,
        note,
        by: &by,
    };
    let mut tx = app.pool.begin().await?;
    let changed = work_items::resolve(&mut tx, id, &resolution, app.clock.now()).await?;
    let item = work_items::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("work item"))?;
    if changed {
        let act = staff.did(
            "work_item.resolve",
            format!("work_item:{id}"),
            json!({ "status": "open" }),
            json!({ "status": "resolved", "resolution": decision, "kind": item.kind, "subject": item.subject, "note": note }),
        );
        app.publisher.publish(&mut tx, &act).await?;
        tx.commit().await?;
    } else if item.resolution.as_deref() != Some(decision) {
        return Err(Error::conflict(
            "work_item_resolved",
            "The item is resolved already, in another way.",
        ));
    }
    Ok(Json(item.into()))
}
