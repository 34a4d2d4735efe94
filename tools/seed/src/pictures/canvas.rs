//! Drawing with distances: a shape is how far a point is from its edge, so every edge comes out smooth.
//!
//! Coordinates run from 0 to 1, left to right and top to bottom.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _, Rgb, RgbImage};

/// A place on the canvas.
pub(super) type Point = (f32, f32);

/// A colour in linear steps from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colour([f32; 3]);

impl Colour {
    /// From hue in degrees, saturation and lightness.
    pub(super) fn hsl(hue: f32, saturation: f32, lightness: f32) -> Self {
        let chroma = (1.0 - (2.0 * lightness - 1.0).abs()) * saturation;
        let sector = hue.rem_euclid(360.0) / 60.0;
        let second = chroma * (1.0 - (sector % 2.0 - 1.0).abs());
        let [red, green, blue] = match sector {
            s if s < 1.0 => [chroma, second, 0.0],
            s if s < 2.0 => [second, chroma, 0.0],
            s if s < 3.0 => [0.0, chroma, second],
            s if s < 4.0 => [0.0, second, chroma],
            s if s < 5.0 => [second, 0.0, chroma],
            _ => [chroma, 0.0, second],
        };
        let base = lightness - chroma / 2.0;
        Self([red + base, green + base, blue + base])
    }

    /// `share` of `other` mixed in.
    pub(super) fn mix(self, other: Self, share: f32) -> Self {
        let mut mixed = self.0;
        for (mine, theirs) in mixed.iter_mut().zip(other.0) {
            *mine += (theirs - *mine) * share;
        }
        Self(mixed)
    }

    fn pixel(self) -> Rgb<u8> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to what a byte holds"
        )]
        Rgb(self
            .0
            .map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8))
    }
}

/// A shape: where its edge is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Centre and radii.
    Ellipse(Point, Point),
    /// Centre, half sizes, radius of the corners.
    Box(Point, Point, f32),
    /// A thick line from one point to the other.
    Line(Point, Point, f32),
    /// Centre, radius, half thickness.
    Ring(Point, f32, f32),
    /// Corners in order, and how much they are rounded.
    Polygon(Vec<Point>, f32),
}

impl Shape {
    /// Below zero inside, above zero outside.
    fn distance(&self, (x, y): Point) -> f32 {
        match self {
            Self::Ellipse((cx, cy), (rx, ry)) => {
                let length = ((x - cx) / rx).hypot((y - cy) / ry);
                (length - 1.0) * rx.min(*ry)
            }
            Self::Box((cx, cy), (w, h), radius) => {
                let (dx, dy) = ((x - cx).abs() - w + radius, (y - cy).abs() - h + radius);
                dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
            }
            Self::Line(from, to, half) => to_segment((x, y), *from, *to) - half,
            Self::Ring((cx, cy), radius, half) => ((x - cx).hypot(y - cy) - radius).abs() - half,
            Self::Polygon(corners, radius) => {
                let mut nearest = f32::MAX;
                let mut inside = false;
                for (at, corner) in corners.iter().enumerate() {
                    let next = corners[(at + 1) % corners.len()];
                    nearest = nearest.min(to_segment((x, y), *corner, next));
                    let crosses = (corner.1 > y) != (next.1 > y);
                    if crosses
                        && x < (next.0 - corner.0) * (y - corner.1) / (next.1 - corner.1) + corner.0
                    {
                        inside = !inside;
                    }
                }
                if inside {
                    -nearest - radius
                } else {
                    nearest - radius
                }
            }
        }
    }

    /// The rectangle that holds the shape.
    fn bounds(&self) -> (Point, Point) {
        match self {
            Self::Ellipse((x, y), (w, h)) | Self::Box((x, y), (w, h), _) => {
                ((x - w, y - h), (x + w, y + h))
            }
            Self::Line(from, to, half) => (
                (from.0.min(to.0) - half, from.1.min(to.1) - half),
                (from.0.max(to.0) + half, from.1.max(to.1) + half),
            ),
            Self::Ring((x, y), radius, half) => {
                let reach = radius + half;
                ((x - reach, y - reach), (x + reach, y + reach))
            }
            Self::Polygon(corners, radius) => {
                let start = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
                let (low, high) = corners.iter().fold(start, |(low, high), corner| {
                    (
                        (low.0.min(corner.0), low.1.min(corner.1)),
                        (high.0.max(corner.0), high.1.max(corner.1)),
                    )
                });
                (
                    (low.0 - radius, low.1 - radius),
                    (high.0 + radius, high.1 + radius),
                )
            }
        }
    }
}

fn to_segment((x, y): Point, from: Point, to: Point) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = (((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy).max(f32::EPSILON))
        .clamp(0.0, 1.0);
    (x - from.0 - along * dx).hypot(y - from.1 - along * dy)
}

/// A square picture in the making.
pub(super) struct Canvas {
    size: u32,
    pixels: Vec<Colour>,
}

impl Canvas {
    /// A canvas with a gradient from the top left to the bottom right.
    pub(super) fn new(size: u32, from: Colour, to: Colour) -> Self {
        let mut canvas = Self {
            size,
            pixels: vec![from; (size * size) as usize],
        };
        canvas.each(((0.0, 0.0), (1.0, 1.0)), |(x, y), _| {
            from.mix(to, (x + y) / 2.0)
        });
        canvas
    }

    /// A round light that fades to its rim.
    pub(super) fn glow(&mut self, (cx, cy): Point, radius: f32, colour: Colour) {
        let bounds = ((cx - radius, cy - radius), (cx + radius, cy + radius));
        self.each(bounds, |(x, y), under| {
            let near = (1.0 - (x - cx).hypot(y - cy) / radius).max(0.0);
            under.mix(colour, near * near * (3.0 - 2.0 * near) * 0.9)
        });
    }

    /// A soft shadow on the ground.
    pub(super) fn shade(&mut self, (cx, cy): Point, (rx, ry): Point, colour: Colour) {
        self.each(((cx - rx, cy - ry), (cx + rx, cy + ry)), |(x, y), under| {
            let near = (1.0 - ((x - cx) / rx).hypot((y - cy) / ry)).max(0.0);
            under.mix(colour, near * 0.55)
        });
    }

    /// Fills a shape, a little lighter at the top than at the bottom.
    pub(super) fn fill(&mut self, shape: &Shape, colour: Colour) {
        let edge = 1.2 / self.size_f();
        let ((left, top), (right, bottom)) = shape.bounds();
        let height = (bottom - top).max(f32::EPSILON);
        let (light, dark) = (Colour([1.0; 3]), Colour([0.0; 3]));
        self.each(
            ((left - edge, top - edge), (right + edge, bottom + edge)),
            |(x, y), under| {
                let cover = (0.5 - shape.distance((x, y)) / edge).clamp(0.0, 1.0);
                if cover == 0.0 {
                    return under;
                }
                let down = ((y - top) / height).clamp(0.0, 1.0);
                let lit = colour
                    .mix(light, (0.5 - down).max(0.0) * 0.22)
                    .mix(dark, (down - 0.5).max(0.0) * 0.22);
                under.mix(lit, cover)
            },
        );
    }

    /// The finished file.
    pub(super) fn png(&self) -> anyhow::Result<Vec<u8>> {
        let picture = RgbImage::from_fn(self.size, self.size, |x, y| {
            self.pixels[(y * self.size + x) as usize].pixel()
        });
        let mut file = Vec::new();
        PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Sub)
            .write_image(
                picture.as_raw(),
                self.size,
                self.size,
                ExtendedColorType::Rgb8,
            )?;
        Ok(file)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture's side is far below 2^24"
    )]
    fn size_f(&self) -> f32 {
        self.size as f32
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to the picture, whose side is far below 2^24"
    )]
    fn each(
        &mut self,
        ((left, top), (right, bottom)): (Point, Point),
        paint: impl Fn(Point, Colour) -> Colour,
    ) {
        let size = self.size_f();
        let low = |value: f32| (value * size).floor().clamp(0.0, size) as u32;
        let high = |value: f32| (value * size).ceil().clamp(0.0, size) as u32;
        for y in low(top)..high(bottom) {
            for x in low(left)..high(right) {
                let pixel = &mut self.pixels[(y * self.size + x) as usize];
                *pixel = paint(((x as f32 + 0.5) / size, (y as f32 + 0.5) / size), *pixel);
            }
        }
    }
}
