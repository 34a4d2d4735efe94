//! Uploaded pictures: told by their bytes, never by what the client calls them; measured by their header before anything is
//! decoded; and drawn anew from their pixels, so that nothing else that the file carried (EXIF with the place where it was
//! taken, comments, a script behind the last byte) is ever served.

mod draw;
mod kind;
#[cfg(test)]
mod tests;

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

pub(crate) use draw::{Rendition, Size};
pub(crate) use kind::sniff;

/// The biggest file.
pub(crate) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The longest side in pixels.
pub(crate) const MAX_SIDE: u32 = 8_000;
/// The most pixels.
pub(crate) const MAX_PIXELS: u64 = 25_000_000;
/// What the decoded pixels may take. 25 megapixels of four bytes; half as many in a picture of 16 bits a channel.
const MAX_DECODED: u64 = MAX_PIXELS * 4;
/// What a decoder may take beside them.
const SCRATCH: u64 = 32 * 1024 * 1024;
/// Real colour profiles are far smaller.
const MAX_PROFILE: usize = 1024 * 1024;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureError {
    /// Nothing that is known.
    NotAPicture,
    /// AVIF or HEIC: known, and not taken.
    Avif,
    /// It says that it is one, but cannot be decoded.
    Broken,
    /// Too many pixels.
    TooLarge,
}

/// A picture in all the sizes that shops show, largest first.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) renditions: Vec<Rendition>,
    /// A few blurred pixels to show until the picture is there: a `data:` URI.
    pub(crate) placeholder: String,
}

/// Looks at the first bytes, then at the size it claims, and only then decodes it and draws it in all sizes. Takes up to
/// a second of CPU and 250 MB: not for the async threads, and not for many at a time.
pub(crate) fn process(bytes: &[u8]) -> Result<Drawn, PictureError> {
    let kind = sniff(bytes)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED + SCRATCH);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind.format());
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge);
    }
    if decoder.total_bytes() > MAX_DECODED {
        return Err(PictureError::TooLarge);
    }
    if width == 0 || height == 0 {
        return Err(PictureError::Broken);
    }
    limits.max_alloc = Some(MAX_DECODED + SCRATCH - decoder.total_bytes());
    decoder.set_limits(limits).map_err(refused)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let profile = profile.filter(|profile| profile.len() <= MAX_PROFILE);
    let image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    draw::all(image, orientation, profile.as_deref())
}

fn refused(error: image::ImageError) -> PictureError {
    match error {
        image::ImageError::Limits(_) => PictureError::TooLarge,
        _ => PictureError::Broken,
    }
}
