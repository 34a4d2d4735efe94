//! `POST /api/products/{id}/images`

use auth_token::{Acting, Seller};
use axum::RequestExt as _;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use bytes::Bytes;
use http_kit::{Error, FieldErrors, Json, Path, Problem, Result, one_field};
use primitives::ProductId;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::picture::{MAX_BYTES, PictureError};
use crate::domain::text::Alt;
use crate::http::access;
use crate::http::products::view::Image;
use crate::workflows::{pictures, products};

/// A picture as a form sends it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub(crate) struct NewImage {
    /// PNG or JPEG; at most 5 MiB, 25 megapixels and 8000 pixels a side.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, for who cannot see it.
    #[schema(max_length = 300)]
    alt: Option<String>,
}

/// Adds a picture. Its type is told by its bytes.
#[utoipa::path(
    post, path = "/api/products/{id}/images", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body(content = NewImage, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Image),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`too_many_images`", body = Problem),
        (status = 413, description = "`payload_too_large`", body = Problem),
        (status = 415, description = "`unsupported_media_type`: not a form, or neither PNG nor JPEG", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn add_image(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    mut request: Request,
) -> Result<(StatusCode, Json<Image>)> {
    // Before the body is read, so that a stranger cannot make us read it.
    let mut db = state.context.pool.acquire().await?;
    access::check_own(&mut db, id, &seller).await?;
    drop(db);
    DefaultBodyLimit::max(MAX_BYTES + 64 * 1024).apply(&mut request);
    let form = request.extract::<Multipart, _>().await.map_err(|error| {
        Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be multipart/form-data.",
        )
        .caused_by(error)
    })?;
    let (file, alt) = read(form).await?;
    let picture = state
        .media
        .examine(file.clone())
        .await?
        .map_err(|error| match error {
            PictureError::NotAPicture => Error::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The file is neither PNG nor JPEG.",
            ),
            PictureError::Broken => one_field("file", "invalid", "cannot be decoded"),
            PictureError::TooLarge => one_field(
                "file",
                "too_large",
                "has more than 25 megapixels, or a side longer than 8000 pixels",
            ),
        })?;
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    let staff = Acting::of(&seller);
    let change = (Value::Null, json!({ "alt": &*alt }));
    products::audit(
        &mut tx,
        &state.context,
        staff.as_ref(),
        "product.add_image",
        id,
        change,
    )
    .await?;
    let kept = pictures::add(
        tx,
        &state.context,
        &state.media,
        &locked,
        &file,
        picture,
        &alt,
    )
    .await?
    .ok_or_else(|| Error::conflict("too_many_images", "A product may have 20 pictures."))?;
    let image = Image {
        id: kept.id,
        url: state.media.url(&kept.file_name),
        alt: alt.into(),
        width: picture.width.try_into().unwrap_or(i32::MAX),
        height: picture.height.try_into().unwrap_or(i32::MAX),
    };
    Ok((StatusCode::CREATED, Json(image)))
}

async fn read(mut form: Multipart) -> Result<(Bytes, Alt)> {
    let (mut file, mut alt, mut errors) = (None, None, FieldErrors::new());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("file") => file = Some(field.bytes().await.map_err(unreadable)?),
            Some("alt") => match Alt::try_from(field.text().await.map_err(unreadable)?) {
                Ok(text) => alt = Some(text),
                Err(message) => errors.push("alt", "invalid", message),
            },
            other => errors.push(
                other.unwrap_or_default(),
                "unknown_field",
                "is not a known field",
            ),
        }
    }
    match &file {
        None => errors.push("file", "required", "is required"),
        Some(bytes) if bytes.is_empty() => errors.push("file", "required", "is empty"),
        Some(bytes) if bytes.len() > MAX_BYTES => return Err(too_big()),
        Some(_) => {}
    }
    errors.into_result()?;
    let alt = match alt {
        Some(alt) => alt,
        None => {
            Alt::try_from(String::new()).map_err(|error| Error::internal(anyhow::anyhow!(error)))?
        }
    };
    Ok((file.unwrap_or_default(), alt))
}

fn unreadable(error: MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_big();
    }
    Error::bad_request("malformed_form", "The form cannot be read.").caused_by(error)
}

fn too_big() -> Error {
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        "A picture may have 5 MiB.",
    )
}
