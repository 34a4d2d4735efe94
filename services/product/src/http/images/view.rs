//! Pictures as clients see them.

use primitives::{ImageId, VariantId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::picture::Size;
use crate::media::Media;
use crate::store::products as store;
use crate::workflows::pictures;

/// A picture. Its files never change: what is changed has another address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Image {
    id: ImageId,
    /// The largest JPEG.
    url: String,
    alt: String,
    width: i32,
    height: i32,
    /// A few blurred pixels to show until the picture is there: a `data:` URI for an `src` or a CSS background.
    #[schema(nullable)]
    placeholder: Option<String>,
    /// Largest first, at most 1600, 960, 480 and 160 pixels a side; none is larger than what was uploaded.
    sizes: Vec<ImageSize>,
    /// The variants that it shows; none: it is of the product. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant_ids: Option<Vec<VariantId>>,
}

/// A picture in one size.
#[derive(Debug, Serialize, ToSchema)]
struct ImageSize {
    width: u32,
    height: u32,
    webp: String,
    jpeg: String,
}

impl Image {
    /// As a product shows it.
    pub(crate) fn new(image: store::Image, media: &Media) -> Self {
        Self {
            variant_ids: Some(image.variant_ids.clone()),
            ..Self::brief(image, media)
        }
    }

    /// As a list shows it.
    pub(crate) fn brief(image: store::Image, media: &Media) -> Self {
        let size = |size: &Size| ImageSize {
            width: size.width,
            height: size.height,
            webp: media.url(&pictures::webp(image.id, *size)),
            jpeg: media.url(&pictures::jpeg(image.id, *size)),
        };
        Self {
            id: image.id,
            url: media.url(&image.file_name),
            sizes: image.sizes.iter().map(size).collect(),
            alt: image.alt,
            width: image.width,
            height: image.height,
            placeholder: image.placeholder,
            variant_ids: None,
        }
    }
}
