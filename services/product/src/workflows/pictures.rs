//! Adding and removing pictures: the file first, then the row; so a row never names a file that is not there.

use bytes::Bytes;
use primitives::ImageId;

use super::products;
use crate::app::Context;
use crate::domain::picture::Picture;
use crate::domain::text::Alt;
use crate::media::Media;
use crate::store::images;
use crate::store::products::Locked;

/// A kept picture.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) id: ImageId,
    pub(crate) file_name: String,
}

/// Keeps an examined picture and notes it at a locked product. None if the product has all it may have.
pub(crate) async fn add(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    cx: &Context,
    media: &Media,
    product: &Locked,
    bytes: &Bytes,
    picture: Picture,
    alt: &Alt,
) -> anyhow::Result<Option<Kept>> {
    if images::count(&mut tx, product.id).await? >= images::MAX {
        return Ok(None);
    }
    let id = ImageId::new(cx.clock.now(), &cx.random);
    let file_name = format!("{id}.{}", picture.kind.extension());
    media.keep(&file_name, bytes).await?;
    let new = images::New {
        id,
        file_name: &file_name,
        bytes: bytes.len().try_into()?,
        picture,
        alt,
    };
    let written = async {
        images::insert(&mut tx, product.id, new, &cx.clock).await?;
        products::touch(&mut tx, cx, product).await?;
        tx.commit().await
    };
    match written.await {
        Ok(()) => Ok(Some(Kept { id, file_name })),
        // The row may be there all the same, if only the answer to COMMIT was lost; then the file must stay.
        Err(error @ sqlx::Error::Io(_)) => Err(error.into()),
        Err(error) => {
            media.remove(&file_name).await;
            Err(error.into())
        }
    }
}

/// Removes a picture of a locked product; false if there is none such.
pub(crate) async fn remove(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    cx: &Context,
    media: &Media,
    product: &Locked,
    image: ImageId,
) -> anyhow::Result<bool> {
    let Some(file_name) = images::delete(&mut tx, product.id, image).await? else {
        return Ok(false);
    };
    products::touch(&mut tx, cx, product).await?;
    tx.commit().await?;
    media.remove(&file_name).await;
    Ok(true)
}
