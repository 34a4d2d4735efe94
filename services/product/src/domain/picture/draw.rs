//! Drawing a decoded picture anew, in all sizes.
//!
//! JPEG is what every client shows; WebP is a third smaller. The `image` crate writes WebP only without loss, which makes a
//! photograph several times as large; libwebp (C, built by `cc` alone) writes it with loss, and sees nothing but our own pixels.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fast_image_resize::images::{Image as Pixels, ImageRef as PixelsRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use serde::{Deserialize, Serialize};

use super::{Drawn, PictureError};

/// The longest sides that a picture is drawn in; never more than it has.
const SIDES: [u32; 4] = [1600, 960, 480, 160];
/// The longest side of the placeholder.
const PLACEHOLDER_SIDE: u32 = 16;
const JPEG_QUALITY: u8 = 82;
const WEBP_QUALITY: f32 = 78.0;
const PLACEHOLDER_QUALITY: f32 = 25.0;

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    /// What the files of this size are called after.
    pub(crate) fn longest(self) -> u32 {
        self.width.max(self.height)
    }

    /// As large as this or smaller, with the same shape.
    fn within(self, side: u32) -> Self {
        let longest = self.longest();
        if longest <= side {
            return self;
        }
        // Sides are at most 8000, so nothing overflows.
        let scaled = |length: u32| ((length * side + longest / 2) / longest).max(1);
        Self {
            width: scaled(self.width),
            height: scaled(self.height),
        }
    }
}

/// A picture in one size.
#[derive(Debug)]
pub(crate) struct Rendition {
    pub(crate) size: Size,
    pub(crate) webp: Vec<u8>,
    pub(crate) jpeg: Vec<u8>,
}

/// Eight bits a channel, with or without transparency.
enum Canvas {
    Opaque(RgbImage),
    Translucent(RgbaImage),
}

/// Draws a picture in all sizes, each from the next larger one.
pub(super) fn all(
    image: DynamicImage,
    orientation: Orientation,
    profile: Option<&[u8]>,
) -> Result<Drawn, PictureError> {
    let canvas = if image.color().has_alpha() {
        Canvas::Translucent(image.into_rgba8())
    } else {
        Canvas::Opaque(image.into_rgb8())
    };
    // Shrunk first: turning and colours then cost a fraction.
    let mut canvas = canvas
        .shrink(SIDES[0])?
        .in_srgb(profile)
        .turned(orientation)
        .without_needless_alpha();
    let mut renditions: Vec<Rendition> = Vec::with_capacity(SIDES.len());
    for side in SIDES {
        canvas = canvas.shrink(side)?;
        if renditions.last().map(|last| last.size) != Some(canvas.size()) {
            renditions.push(canvas.encode()?);
        }
    }
    let tiny = canvas.shrink(PLACEHOLDER_SIDE)?.webp(PLACEHOLDER_QUALITY)?;
    Ok(Drawn {
        renditions,
        placeholder: format!("data:image/webp;base64,{}", BASE64.encode(tiny)),
    })
}

impl Canvas {
    fn size(&self) -> Size {
        let (width, height) = match self {
            Self::Opaque(image) => image.dimensions(),
            Self::Translucent(image) => image.dimensions(),
        };
        Size { width, height }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Opaque(image) => image.as_raw(),
            Self::Translucent(image) => image.as_raw(),
        }
    }

    /// The same kind of canvas with other pixels.
    fn with(&self, size: Size, bytes: Vec<u8>) -> Result<Self, PictureError> {
        let (width, height) = (size.width, size.height);
        match self {
            Self::Opaque(_) => RgbImage::from_raw(width, height, bytes).map(Self::Opaque),
            Self::Translucent(_) => {
                RgbaImage::from_raw(width, height, bytes).map(Self::Translucent)
            }
        }
        .ok_or(PictureError::Broken)
    }

    fn shrink(self, side: u32) -> Result<Self, PictureError> {
        let (from, to) = (self.size(), self.size().within(side));
        if from == to {
            return Ok(self);
        }
        let kind = match self {
            Self::Opaque(_) => PixelType::U8x3,
            Self::Translucent(_) => PixelType::U8x4,
        };
        let source = PixelsRef::new(from.width, from.height, self.bytes(), kind)
            .map_err(|_| PictureError::Broken)?;
        let mut target = Pixels::new(to.width, to.height, kind);
        Resizer::new()
            .resize(&source, &mut target, &ResizeOptions::new())
            .map_err(|_| PictureError::Broken)?;
        self.with(to, target.into_vec())
    }

    /// Colours as browsers take them when a file says nothing: the profile is applied and then gone. One that cannot be used is
    /// left out, as browsers do.
    fn in_srgb(self, profile: Option<&[u8]>) -> Self {
        let Some(profile) = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok())
        else {
            return self;
        };
        if profile.color_space != DataColorSpace::Rgb {
            return self;
        }
        let layout = match self {
            Self::Opaque(_) => Layout::Rgb,
            Self::Translucent(_) => Layout::Rgba,
        };
        let srgb = ColorProfile::new_srgb();
        let Ok(transform) =
            profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
        else {
            return self;
        };
        let mut converted = vec![0; self.bytes().len()];
        match transform.transform(self.bytes(), &mut converted) {
            Ok(()) => self.with(self.size(), converted).unwrap_or(self),
            Err(_) => self,
        }
    }

    /// As the camera was held.
    fn turned(self, orientation: Orientation) -> Self {
        match self {
            Self::Opaque(image) => {
                let mut image = DynamicImage::ImageRgb8(image);
                image.apply_orientation(orientation);
                Self::Opaque(image.into_rgb8())
            }
            Self::Translucent(image) => {
                let mut image = DynamicImage::ImageRgba8(image);
                image.apply_orientation(orientation);
                Self::Translucent(image.into_rgba8())
            }
        }
    }

    /// Many PNGs carry an alpha channel that says nothing.
    fn without_needless_alpha(self) -> Self {
        match self {
            Self::Translucent(image) if image.pixels().all(|pixel| pixel.0[3] == u8::MAX) => {
                Self::Opaque(DynamicImage::ImageRgba8(image).into_rgb8())
            }
            other => other,
        }
    }

    fn encode(&self) -> Result<Rendition, PictureError> {
        Ok(Rendition {
            size: self.size(),
            webp: self.webp(WEBP_QUALITY)?,
            jpeg: self.jpeg()?,
        })
    }

    fn webp(&self, quality: f32) -> Result<Vec<u8>, PictureError> {
        let Size { width, height } = self.size();
        let encoder = match self {
            Self::Opaque(image) => webp::Encoder::from_rgb(image, width, height),
            Self::Translucent(image) => webp::Encoder::from_rgba(image, width, height),
        };
        let encoded = encoder.encode_simple(false, quality);
        Ok(encoded.map_err(|_| PictureError::Broken)?.to_vec())
    }

    /// JPEG knows no transparency: what is behind is white, as in most shops.
    fn jpeg(&self) -> Result<Vec<u8>, PictureError> {
        let Size { width, height } = self.size();
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        let done = match self {
            Self::Opaque(image) => encoder.encode(image, width, height, ExtendedColorType::Rgb8),
            Self::Translucent(image) => {
                let on_white: Vec<u8> =
                    image.pixels().flat_map(|pixel| on_white(pixel.0)).collect();
                encoder.encode(&on_white, width, height, ExtendedColorType::Rgb8)
            }
        };
        done.map_err(|_| PictureError::Broken)?;
        Ok(bytes)
    }
}

fn on_white([red, green, blue, alpha]: [u8; 4]) -> [u8; 3] {
    let (alpha, white) = (u16::from(alpha), 255 * (255 - u16::from(alpha)));
    [red, green, blue].map(|colour| {
        let mixed = (u16::from(colour) * alpha + white + 127) / 255;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    })
}
