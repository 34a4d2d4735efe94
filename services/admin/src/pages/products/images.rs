//! Pictures of a product.

use auth_token::permissions::ManageCatalogue;
use axum::extract::{Request, State};
use axum::response::Redirect;
use primitives::{ImageId, ProductId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::draft::{api, call};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::upload::{Upload, is_chosen, pass, text};
use crate::read::products::detail;
use crate::session::May;

fn page(id: ProductId) -> String {
    format!("/admin/products/{id}")
}

fn done(id: ProductId, word: &str) -> Redirect {
    Redirect::to(&format!("{}?done={word}#images", page(id)))
}

/// One picture or several, each an act of its own, passed on as they come. Of a form that is sent twice, each is added once.
pub(super) async fn add(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Path(id): Path<ProductId>,
    request: Request,
) -> Result<Redirect> {
    let (path, page) = (api(id, "/images"), page(id));
    let mut upload = Upload::begin(&session, request).await?;
    let (mut alt, mut key, mut added) = (String::new(), None, 0);
    while let Some(field) = upload.next().await? {
        if field.name() == Some("alt") {
            alt = text(field).await?;
        } else if field.name() == Some("key") {
            key = Some(text(field).await?);
        } else if is_chosen(&field) {
            let name = field.file_name().unwrap_or_default().to_owned();
            let key = key.as_ref().map(|key| format!("{key}-{added}"));
            let send = async |body: reqwest::Body| {
                let picture = reqwest::multipart::Part::stream(body).file_name("picture");
                let form = reqwest::multipart::Form::new()
                    .text("alt", alt.clone())
                    .part("file", picture);
                let add = Change {
                    action: "product.add_image",
                    target: format!("product:{id}"),
                    details: json!({ "file": name, "alt": alt }),
                    call: call(&app, &session, Method::POST, &path)?
                        .key(key.as_deref())
                        .multipart(form),
                    page: &page,
                };
                change::<Value>(&app, &session, add).await
            };
            pass(field, send).await?;
            added += 1;
        }
    }
    match added {
        0 => Err(PageError::invalid("Choose a picture first.").back_to(&page)),
        _ => Ok(done(id, "image")),
    }
}

#[derive(Deserialize)]
pub(super) struct Describe {
    alt: String,
}

/// What a picture shows.
pub(super) async fn describe(
    State(app): State<AppState>,
    Path((id, image)): Path<(ProductId, ImageId)>,
    StaffForm(session, form): StaffForm<Describe>,
) -> Result<Redirect> {
    let (path, page) = (api(id, &format!("/images/{image}")), page(id));
    let body = json!({ "alt": form.alt.trim() });
    let put = Change {
        action: "product.update_image",
        target: format!("product:{id}"),
        details: json!({ "image_id": image, "request": body }),
        call: call(&app, &session, Method::PUT, &path)?.json(&body),
        page: &page,
    };
    change::<Value>(&app, &session, put).await?;
    Ok(done(id, "image_changed"))
}

#[derive(Deserialize)]
pub(super) struct Move {
    /// The place, from 0: sent twice, it moves once.
    to: usize,
}

/// Puts a picture in another place.
pub(super) async fn arrange(
    State(app): State<AppState>,
    Path((id, image)): Path<(ProductId, ImageId)>,
    StaffForm(session, form): StaffForm<Move>,
) -> Result<Redirect> {
    let (path, page) = (api(id, "/images"), page(id));
    let pictures = detail::pictures(&mut *app.product_db.acquire().await?, id).await?;
    let mut ids: Vec<ImageId> = pictures.iter().map(|picture| picture.id).collect();
    let at = ids
        .iter()
        .position(|known| *known == image)
        .ok_or_else(PageError::not_found)?;
    let moved = ids.remove(at);
    ids.insert(form.to.min(ids.len()), moved);
    let body = json!({ "ids": ids });
    let put = Change {
        action: "product.reorder_images",
        target: format!("product:{id}"),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::PUT, &path)?.json(&body),
        page: &page,
    };
    change::<Value>(&app, &session, put).await?;
    Ok(done(id, "image_changed"))
}

#[derive(Deserialize)]
pub(super) struct Remove {}

pub(super) async fn remove(
    State(app): State<AppState>,
    Path((id, image)): Path<(ProductId, ImageId)>,
    StaffForm(session, Remove {}): StaffForm<Remove>,
) -> Result<Redirect> {
    let (path, page) = (api(id, &format!("/images/{image}")), page(id));
    let delete = Change {
        action: "product.delete_image",
        target: format!("product:{id}"),
        details: json!({ "image_id": image }),
        call: call(&app, &session, Method::DELETE, &path)?,
        page: &page,
    };
    change::<Value>(&app, &session, delete).await?;
    Ok(done(id, "image_removed"))
}
