//! Kinds of picture, told by the first bytes.

use image::ImageFormat;

use super::PictureError;

/// Kinds of picture that the shop takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Gif,
    Jpeg,
    Png,
    WebP,
}

impl Kind {
    pub(super) fn format(self) -> ImageFormat {
        match self {
            Self::Gif => ImageFormat::Gif,
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
        }
    }
}

/// Brands of the ISO media files that phones make: AVIF and HEIC.
const ISO_BRANDS: [&[u8; 4]; 8] = [
    b"avif", b"avis", b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1",
];

/// Says what a file is by its first bytes; twelve are enough.
pub(crate) fn sniff(bytes: &[u8]) -> Result<Kind, PictureError> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Ok(Kind::Png),
        [0xFF, 0xD8, 0xFF, ..] => Ok(Kind::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Kind::Gif),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Ok(Kind::WebP),
        [_, _, _, _, b'f', b't', b'y', b'p', a, b, c, d, ..]
            if ISO_BRANDS.contains(&&[*a, *b, *c, *d]) =>
        {
            Err(PictureError::Avif)
        }
        _ => Err(PictureError::NotAPicture),
    }
}
