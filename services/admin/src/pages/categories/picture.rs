use auth_token::permissions::ManageCatalogue;
use axum::extract::{Request, State};
use axum::response::Redirect;
use primitives::CategoryId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::products::call;
use crate::pages::upload::{Upload, is_chosen, pass, text};
use crate::session::May;

pub(super) async fn set(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Path(id): Path<CategoryId>,
    request: Request,
) -> Result<Redirect> {
    let (path, page) = (
        format!("/internal/api/categories/{id}/image"),
        format!("/admin/categories/{id}"),
    );
    let mut upload = Upload::begin(&session, request).await?;
    let (mut alt, mut version) = (String::new(), None);
    while let Some(field) = upload.next().await? {
        if field.name() == Some("alt") {
            alt = text(field).await?;
        } else if field.name() == Some("version") {
            version = text(field).await?.parse().ok();
        } else if is_chosen(&field) {
            let send = async |body: reqwest::Body| {
                let picture = reqwest::multipart::Part::stream(body).file_name("picture");
                let form = reqwest::multipart::Form::new()
                    .text("alt", alt.clone())
                    .part("file", picture);
                let put = Change {
                    action: "category.set_image",
                    target: format!("category:{id}"),
                    details: json!({ "alt": alt }),
                    call: call(&app, &session, Method::PUT, &path)?
                        .version(version)
                        .multipart(form),
                    page: &page,
                };
                change::<Value>(&app, &session, put).await
            };
            pass(field, send).await?;
            return Ok(Redirect::to(&format!("{page}?done=image")));
        }
    }
    Err(PageError::invalid("Choose a picture first.").back_to(&page))
}

#[derive(Deserialize)]
pub(super) struct Remove {
    version: i32,
}

pub(super) async fn remove(
    State(app): State<AppState>,
    Path(id): Path<CategoryId>,
    StaffForm(session, form): StaffForm<Remove>,
) -> Result<Redirect> {
    let (path, page) = (
        format!("/internal/api/categories/{id}/image"),
        format!("/admin/categories/{id}"),
    );
    let delete = Change {
        action: "category.delete_image",
        target: format!("category:{id}"),
        details: json!({}),
        call: call(&app, &session, Method::DELETE, &path)?.version(Some(form.version)),
        page: &page,
    };
    change::<Value>(&app, &session, delete).await?;
    Ok(Redirect::to(&format!("{page}?done=image_removed")))
}
