//! Uploaded pictures: told by their bytes, never by what the client calls them.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};

/// The biggest file.
pub(crate) const MAX_BYTES: usize = 5 * 1024 * 1024;
/// The longest side in pixels.
pub(crate) const MAX_SIDE: u32 = 8_000;
/// The most pixels: what decoding may cost in memory is four times this.
pub(crate) const MAX_PIXELS: u64 = 25_000_000;

/// What a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) kind: Kind,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Kinds of picture that the shop takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Png,
    Jpeg,
}

impl Kind {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }

    fn format(self) -> ImageFormat {
        match self {
            Self::Png => ImageFormat::Png,
            Self::Jpeg => ImageFormat::Jpeg,
        }
    }
}

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureError {
    /// Neither PNG nor JPEG.
    NotAPicture,
    /// It says that it is one, but cannot be decoded.
    Broken,
    /// Too many pixels.
    TooLarge,
}

/// Looks at the first bytes, then at the size it claims, and only then decodes all of it. Costs CPU: not for the async threads.
pub(crate) fn examine(bytes: &[u8]) -> Result<Picture, PictureError> {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Kind::Png,
        [0xFF, 0xD8, 0xFF, ..] => Kind::Jpeg,
        _ => return Err(PictureError::NotAPicture),
    };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), kind.format())
        .into_dimensions()
        .map_err(|_| PictureError::Broken)?;
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_PIXELS * 8 + 16 * 1024 * 1024);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind.format());
    reader.limits(limits);
    reader.decode().map_err(|_| PictureError::Broken)?;
    Ok(Picture {
        kind,
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbImage::new(width, height)
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    #[test]
    fn pictures_are_told_by_their_bytes() {
        let png = encode(3, 2, ImageFormat::Png);
        assert_eq!(
            examine(&png),
            Ok(Picture {
                kind: Kind::Png,
                width: 3,
                height: 2
            })
        );
        assert_eq!(
            examine(&encode(4, 5, ImageFormat::Jpeg)),
            Ok(Picture {
                kind: Kind::Jpeg,
                width: 4,
                height: 5
            })
        );
        assert_eq!(examine(b"<svg/>"), Err(PictureError::NotAPicture));
        assert_eq!(examine(&png[..40]), Err(PictureError::Broken));
        assert_eq!(
            examine(&encode(MAX_SIDE + 1, 1, ImageFormat::Png)),
            Err(PictureError::TooLarge)
        );
    }
}
