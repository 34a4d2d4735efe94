//! Reading the form of an upload: as it comes, and no further than needed.

use axum::RequestExt as _;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use http_kit::{Error, FieldErrors, Result, body_hash, one_field};
use primitives::VariantId;

use crate::domain::picture::{self, Drawn, MAX_BYTES, PictureError};
use crate::domain::text::Alt;
use crate::media::Media;

/// The most bytes of a field that is not the file.
const MAX_TEXT: usize = 4 * 1024;
/// So many of the first bytes tell what a file is.
const TELLING: usize = 12;
/// The most variants that one picture may be said to show.
pub(super) const MAX_VARIANTS: usize = 100;

/// A picture that somebody sent.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) drawn: Drawn,
    pub(crate) alt: Alt,
    pub(crate) variant_ids: Vec<VariantId>,
    /// Of where it was sent to, and of the file: sent again, it is the same.
    pub(crate) hash: [u8; 32],
}

/// What a picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The form may name variants that the picture shows.
    Product,
    Category,
}

/// Reads a form and draws its picture anew. Whether somebody may send one is to be checked before, so that a stranger cannot make
/// us read it.
pub(crate) async fn receive(
    media: &Media,
    subject: Subject,
    mut request: Request,
) -> Result<Upload> {
    let permit = media.admit().await?;
    DefaultBodyLimit::max(MAX_BYTES + 64 * 1024).apply(&mut request);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let form = request.extract::<Multipart, _>().await.map_err(|error| {
        Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be multipart/form-data.",
        )
        .caused_by(error)
    })?;
    let Form {
        file,
        alt,
        variant_ids,
    } = read(subject, form).await?;
    let hash = body_hash(&method, &path, &file);
    let drawn = media.draw(file).await?.map_err(refused)?;
    drop(permit);
    Ok(Upload {
        drawn,
        alt,
        variant_ids,
        hash,
    })
}

struct Form {
    file: Bytes,
    alt: Alt,
    variant_ids: Vec<VariantId>,
}

/// Reads a form. What can never be a picture is refused before the rest of it has come.
async fn read(subject: Subject, mut form: Multipart) -> Result<Form> {
    let (mut file, mut alt) = (None, None);
    let (mut variant_ids, mut errors) = (Vec::new(), FieldErrors::new());
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("file") if file.is_some() => {
                return Err(one_field("file", "repeated", "may be there once"));
            }
            Some("file") => file = Some(read_file(&mut field).await?),
            Some("alt") => match Alt::try_from(read_text(&mut field).await?) {
                Ok(text) => alt = Some(text),
                Err(message) => errors.push("alt", "invalid", message),
            },
            Some("variant_ids") if subject == Subject::Category => {
                errors.push("variant_ids", "unknown_field", "is not a known field");
            }
            Some("variant_ids") if variant_ids.len() >= MAX_VARIANTS => {
                return Err(one_field("variant_ids", "too_many", "must be at most 100"));
            }
            Some("variant_ids") => match read_text(&mut field).await?.trim().parse() {
                Ok(id) => variant_ids.push(id),
                Err(_) => errors.push("variant_ids", "invalid", "must be the id of a variant"),
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
        Some(_) => {}
    }
    errors.into_result()?;
    let alt = match alt {
        Some(alt) => alt,
        None => {
            Alt::try_from(String::new()).map_err(|why| Error::internal(anyhow::anyhow!(why)))?
        }
    };
    Ok(Form {
        file: file.unwrap_or_default(),
        alt,
        variant_ids,
    })
}

async fn read_file(field: &mut Field<'_>) -> Result<Bytes> {
    let (mut bytes, mut told) = (BytesMut::new(), false);
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(too_big());
        }
        bytes.extend_from_slice(&chunk);
        if !told && bytes.len() >= TELLING {
            picture::sniff(&bytes).map_err(refused)?;
            told = true;
        }
    }
    Ok(bytes.freeze())
}

async fn read_text(field: &mut Field<'_>) -> Result<String> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > MAX_TEXT {
            return Err(too_big());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes.into()).map_err(|error| {
        Error::bad_request("malformed_form", "The form's text is not UTF-8.").caused_by(error)
    })
}

/// Why a file is not taken, for the client.
fn refused(error: PictureError) -> Error {
    let unsupported = |detail| {
        Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            detail,
        )
    };
    match error {
        PictureError::NotAPicture => unsupported("The file is neither JPEG, PNG, WebP nor GIF."),
        PictureError::Avif => {
            unsupported("AVIF and HEIC are not taken: save the picture as JPEG, PNG or WebP.")
        }
        PictureError::Broken => one_field("file", "invalid", "cannot be decoded"),
        PictureError::TooLarge => one_field(
            "file",
            "too_large",
            "has more than 25 megapixels, or a side longer than 8000 pixels",
        ),
    }
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
        "A picture may have 10 MiB.",
    )
}
