//! Adding and removing pictures: the files first, then the row; so a row never names a file that is not there. Before the files
//! comes a note that they are to be removed, which goes with the row's transaction; so no file stays that no row names.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use primitives::{ImageId, VariantId};
use sqlx::{PgConnection, Postgres, Transaction};

use super::products;
use crate::app::Context;
use crate::domain::picture::{Drawn, Size};
use crate::domain::text::Alt;
use crate::media::Media;
use crate::store::categories::{self, Category};
use crate::store::products::{Image, Locked};
use crate::store::{images, leftovers};

/// How long an upload may take to become a picture. No request lives as long.
const UNADOPTED: Duration = Duration::from_secs(15 * 60);

/// Files in the store that are not yet a picture.
#[derive(Debug)]
pub(crate) struct Staged {
    id: ImageId,
    sizes: Vec<Size>,
    /// Of the largest JPEG.
    bytes: usize,
    placeholder: String,
}

/// Puts a picture's files into the store.
pub(crate) async fn stage(cx: &Context, media: &Media, drawn: Drawn) -> anyhow::Result<Staged> {
    let id = ImageId::new(cx.clock.now(), &cx.random);
    let sizes: Vec<Size> = drawn.renditions.iter().map(|drawn| drawn.size).collect();
    let bytes = drawn.renditions.first().map_or(0, |drawn| drawn.jpeg.len());
    let due = cx.clock.now() + UNADOPTED;
    let mut db = cx.pool.acquire().await?;
    leftovers::note(&mut db, id, &file_names(id, &sizes), due).await?;
    drop(db);
    let files = drawn.renditions.into_iter().flat_map(|drawn| {
        [
            (webp(id, drawn.size), "image/webp", drawn.webp),
            (jpeg(id, drawn.size), "image/jpeg", drawn.jpeg),
        ]
    });
    media.keep(files.collect()).await?;
    Ok(Staged {
        id,
        sizes,
        bytes,
        placeholder: drawn.placeholder,
    })
}

/// Adds a picture to a locked product. None if the product has all it may have: its files then go by themselves.
pub(crate) async fn add(
    tx: &mut PgConnection,
    cx: &Context,
    product: &Locked,
    staged: &Staged,
    alt: &Alt,
    variants: &[VariantId],
) -> anyhow::Result<Option<Image>> {
    if images::count(tx, product.id).await? >= images::MAX {
        return Ok(None);
    }
    let largest = staged.sizes.first().copied();
    let file_name = largest.map(|size| jpeg(staged.id, size));
    let new = images::New {
        id: staged.id,
        file_name: &file_name.unwrap_or_default(),
        bytes: staged.bytes.try_into()?,
        sizes: &staged.sizes,
        placeholder: &staged.placeholder,
        alt,
        variants,
    };
    let image = images::insert(tx, product.id, new, &cx.clock).await?;
    ensure!(
        leftovers::adopt(tx, staged.id).await?,
        "the upload took so long that its files were removed"
    );
    products::touch(tx, cx, product).await?;
    Ok(Some(image))
}

/// Gives a locked category this picture in the place of the one it has; answers the picture and the category's new version.
pub(crate) async fn set_of_category(
    tx: &mut PgConnection,
    cx: &Context,
    category: &Category,
    staged: &Staged,
    alt: &Alt,
) -> anyhow::Result<(Image, i32)> {
    let largest = staged.sizes.first().context("a picture has a size")?;
    let image = Image {
        id: staged.id,
        file_name: jpeg(staged.id, *largest),
        alt: alt.to_string(),
        width: largest.width.try_into()?,
        height: largest.height.try_into()?,
        sizes: staged.sizes.clone(),
        placeholder: Some(staged.placeholder.clone()),
        variant_ids: Vec::new(),
    };
    ensure!(
        leftovers::adopt(tx, staged.id).await?,
        "the upload took so long that its files were removed"
    );
    leave(tx, cx, category).await?;
    let version = categories::set_image(tx, category.id, Some(&image), &cx.clock).await?;
    Ok((image, version))
}

/// The files of a locked category's picture go after the commit, if it has one.
pub(crate) async fn leave(
    tx: &mut PgConnection,
    cx: &Context,
    category: &Category,
) -> sqlx::Result<()> {
    let Some(image) = &category.image else {
        return Ok(());
    };
    let files = file_names(image.id, &image.sizes);
    leftovers::note(tx, image.id, &files, cx.clock.now()).await
}

/// Removes a picture of a locked product; false if there is none such. Its files go after the commit.
pub(crate) async fn remove(
    mut tx: Transaction<'static, Postgres>,
    cx: &Context,
    product: &Locked,
    image: ImageId,
) -> anyhow::Result<bool> {
    let Some((file_name, sizes)) = images::delete(&mut tx, product.id, image).await? else {
        return Ok(false);
    };
    let mut files = file_names(image, &sizes);
    if files.is_empty() {
        files.push(file_name);
    }
    leftovers::note(&mut tx, image, &files, cx.clock.now()).await?;
    products::touch(&mut tx, cx, product).await?;
    tx.commit().await?;
    cx.leftovers.notify_one();
    Ok(true)
}

/// Says what a picture of a locked product shows; false if there is none such.
pub(crate) async fn describe(
    tx: &mut PgConnection,
    cx: &Context,
    product: &Locked,
    image: ImageId,
    alt: &Alt,
    variants: &[VariantId],
) -> sqlx::Result<bool> {
    let found = images::describe(tx, product.id, image, alt, variants).await?;
    if found {
        products::touch(tx, cx, product).await?;
    }
    Ok(found)
}

/// The file of a picture in one size.
pub(crate) fn jpeg(id: ImageId, size: Size) -> String {
    format!("{id}-{}.jpg", size.longest())
}

/// The same, for clients that know WebP.
pub(crate) fn webp(id: ImageId, size: Size) -> String {
    format!("{id}-{}.webp", size.longest())
}

fn file_names(id: ImageId, sizes: &[Size]) -> Vec<String> {
    let both = |size: &Size| [webp(id, *size), jpeg(id, *size)];
    sizes.iter().flat_map(both).collect()
}
