//! The drawings, one for each kind of product.

use super::canvas::{Canvas, Colour, Shape};

macro_rules! motifs {
    ($($name:ident $word:literal),* $(,)?) => {
        /// What a picture shows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Motif { $($name),* }

        impl Motif {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The motif of that name in the catalogue's file.
            pub(crate) fn named(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

motifs! {
    Pot "pot", Lamp "lamp", Blanket "blanket", Chair "chair", Headphones "headphones", Laptop "laptop", Camera "camera",
    Shirt "shirt", Coat "coat", Shoe "shoe", Bag "bag", Tent "tent", Bicycle "bicycle", Book "book", Cup "cup",
}

impl Motif {
    /// Paints it in `body`, with parts in `detail`.
    pub(super) fn paint(self, canvas: &mut Canvas, body: Colour, detail: Colour) {
        let dark = body.mix(Colour::hsl(0.0, 0.0, 0.1), 0.35);
        let mut paint = |shapes: &[Shape], colour: Colour| {
            for shape in shapes {
                canvas.fill(shape, colour);
            }
        };
        use Shape::{Box, Ellipse, Line, Polygon, Ring};
        match self {
            Self::Pot => {
                paint(
                    &[
                        Ring((0.24, 0.52), 0.055, 0.014),
                        Ring((0.76, 0.52), 0.055, 0.014),
                    ],
                    dark,
                );
                paint(&[Box((0.5, 0.60), (0.25, 0.18), 0.06)], body);
                paint(
                    &[
                        Box((0.5, 0.425), (0.28, 0.026), 0.02),
                        Ellipse((0.5, 0.35), (0.035, 0.028)),
                    ],
                    dark,
                );
                paint(&[Ellipse((0.5, 0.405), (0.24, 0.045))], body);
                paint(&[Line((0.34, 0.52), (0.34, 0.68), 0.012)], detail);
            }
            Self::Lamp => {
                paint(
                    &[
                        Line((0.5, 0.42), (0.5, 0.76), 0.014),
                        Ellipse((0.5, 0.775), (0.15, 0.026)),
                    ],
                    dark,
                );
                let shade = vec![(0.41, 0.22), (0.59, 0.22), (0.70, 0.46), (0.30, 0.46)];
                paint(&[Polygon(shade, 0.02)], body);
                paint(&[Ellipse((0.5, 0.475), (0.19, 0.022))], detail);
            }
            Self::Blanket => {
                paint(&[Box((0.5, 0.68), (0.27, 0.085), 0.05)], dark);
                paint(&[Box((0.5, 0.56), (0.26, 0.08), 0.05)], body);
                paint(
                    &[Box((0.5, 0.45), (0.25, 0.075), 0.05)],
                    body.mix(detail, 0.35),
                );
                let stripes = [0.36, 0.43].map(|x| Line((x, 0.395), (x, 0.505), 0.010));
                paint(&stripes, detail);
            }
            Self::Chair => {
                paint(
                    &[
                        Line((0.36, 0.58), (0.32, 0.79), 0.016),
                        Line((0.64, 0.58), (0.68, 0.79), 0.016),
                    ],
                    dark,
                );
                paint(
                    &[
                        Line((0.40, 0.58), (0.40, 0.76), 0.013),
                        Line((0.60, 0.58), (0.60, 0.76), 0.013),
                    ],
                    dark,
                );
                paint(
                    &[
                        Line((0.36, 0.24), (0.36, 0.58), 0.017),
                        Line((0.64, 0.24), (0.64, 0.58), 0.017),
                    ],
                    body,
                );
                paint(
                    &[
                        Box((0.5, 0.30), (0.14, 0.045), 0.02),
                        Box((0.5, 0.42), (0.14, 0.028), 0.02),
                    ],
                    body,
                );
                paint(
                    &[Box((0.5, 0.575), (0.19, 0.032), 0.025)],
                    detail.mix(body, 0.35),
                );
            }
            Self::Headphones => {
                paint(&[Polygon(half_ring((0.5, 0.50), 0.242, 0.198), 0.0)], dark);
                paint(
                    &[
                        Box((0.285, 0.58), (0.055, 0.115), 0.05),
                        Box((0.715, 0.58), (0.055, 0.115), 0.05),
                    ],
                    body,
                );
                paint(
                    &[
                        Box((0.325, 0.58), (0.022, 0.095), 0.02),
                        Box((0.675, 0.58), (0.022, 0.095), 0.02),
                    ],
                    dark,
                );
            }
            Self::Laptop => {
                paint(&[Box((0.5, 0.48), (0.26, 0.18), 0.025)], dark);
                paint(
                    &[Box((0.5, 0.48), (0.235, 0.155), 0.012)],
                    body.mix(detail, 0.25),
                );
                paint(
                    &[Polygon(
                        vec![(0.265, 0.325), (0.52, 0.325), (0.36, 0.635), (0.265, 0.635)],
                        0.0,
                    )],
                    body.mix(detail, 0.4),
                );
                paint(
                    &[Polygon(
                        vec![(0.21, 0.69), (0.79, 0.69), (0.84, 0.75), (0.16, 0.75)],
                        0.012,
                    )],
                    detail.mix(dark, 0.25),
                );
                paint(&[Box((0.5, 0.705), (0.07, 0.008), 0.006)], dark);
            }
            Self::Camera => {
                paint(
                    &[
                        Box((0.5, 0.40), (0.10, 0.05), 0.02),
                        Box((0.32, 0.415), (0.04, 0.02), 0.01),
                    ],
                    dark,
                );
                paint(&[Box((0.5, 0.56), (0.27, 0.16), 0.035)], body);
                paint(&[Box((0.5, 0.56), (0.27, 0.06), 0.0)], dark);
                paint(&[Ellipse((0.5, 0.56), (0.125, 0.125))], detail);
                paint(&[Ellipse((0.5, 0.56), (0.095, 0.095))], dark);
                paint(
                    &[
                        Ellipse((0.47, 0.53), (0.026, 0.026)),
                        Ellipse((0.70, 0.45), (0.018, 0.018)),
                    ],
                    detail,
                );
            }
            Self::Shirt => {
                let sleeves = vec![
                    (0.36, 0.28),
                    (0.64, 0.28),
                    (0.80, 0.42),
                    (0.72, 0.51),
                    (0.64, 0.45),
                    (0.36, 0.45),
                    (0.28, 0.51),
                    (0.20, 0.42),
                ];
                paint(&[Polygon(sleeves, 0.015)], dark);
                paint(
                    &[Polygon(
                        vec![(0.37, 0.28), (0.63, 0.28), (0.65, 0.76), (0.35, 0.76)],
                        0.015,
                    )],
                    body,
                );
                paint(&[Ellipse((0.5, 0.275), (0.085, 0.055))], detail);
            }
            Self::Coat => {
                let sleeves = vec![
                    (0.38, 0.25),
                    (0.62, 0.25),
                    (0.76, 0.62),
                    (0.68, 0.65),
                    (0.5, 0.4),
                    (0.32, 0.65),
                    (0.24, 0.62),
                ];
                paint(&[Polygon(sleeves, 0.015)], dark);
                paint(
                    &[Polygon(
                        vec![(0.38, 0.25), (0.62, 0.25), (0.69, 0.79), (0.31, 0.79)],
                        0.012,
                    )],
                    body,
                );
                paint(
                    &[Polygon(
                        vec![(0.43, 0.23), (0.57, 0.23), (0.5, 0.42)],
                        0.008,
                    )],
                    detail,
                );
                paint(&[Line((0.5, 0.42), (0.5, 0.78), 0.006)], dark);
                paint(
                    &[0.50, 0.58, 0.66].map(|y| Ellipse((0.53, y), (0.011, 0.011))),
                    detail,
                );
            }
            Self::Shoe => {
                let upper = vec![
                    (0.22, 0.42),
                    (0.38, 0.40),
                    (0.50, 0.52),
                    (0.72, 0.58),
                    (0.80, 0.66),
                    (0.80, 0.71),
                    (0.22, 0.71),
                ];
                paint(&[Polygon(upper, 0.02)], body);
                paint(
                    &[Polygon(
                        vec![(0.22, 0.42), (0.30, 0.41), (0.30, 0.70), (0.22, 0.70)],
                        0.018,
                    )],
                    dark,
                );
                paint(&[Box((0.51, 0.735), (0.31, 0.03), 0.025)], detail);
                paint(
                    &[0.0, 1.0, 2.0].map(|n| {
                        Line(
                            (0.40 + n * 0.055, 0.455 + n * 0.04),
                            (0.46 + n * 0.055, 0.43 + n * 0.045),
                            0.008,
                        )
                    }),
                    detail,
                );
            }
            Self::Bag => {
                paint(&[Ring((0.5, 0.36), 0.105, 0.017)], dark);
                paint(&[Box((0.5, 0.58), (0.22, 0.20), 0.06)], body);
                paint(&[Box((0.5, 0.45), (0.22, 0.065), 0.05)], dark);
                paint(
                    &[Box((0.5, 0.66), (0.14, 0.075), 0.03)],
                    body.mix(detail, 0.25),
                );
                paint(&[Box((0.5, 0.515), (0.022, 0.035), 0.01)], detail);
            }
            Self::Tent => {
                paint(
                    &[Polygon(
                        vec![(0.5, 0.27), (0.84, 0.77), (0.16, 0.77)],
                        0.012,
                    )],
                    body,
                );
                paint(
                    &[Polygon(
                        vec![(0.5, 0.27), (0.84, 0.77), (0.60, 0.77)],
                        0.012,
                    )],
                    dark,
                );
                paint(
                    &[Polygon(
                        vec![(0.42, 0.46), (0.54, 0.77), (0.29, 0.77)],
                        0.008,
                    )],
                    detail,
                );
                paint(&[Line((0.5, 0.29), (0.5, 0.22), 0.007)], dark);
                paint(
                    &[Polygon(vec![(0.5, 0.22), (0.57, 0.24), (0.5, 0.26)], 0.0)],
                    detail.mix(body, 0.5),
                );
            }
            Self::Bicycle => {
                paint(
                    &[
                        Ring((0.29, 0.63), 0.14, 0.014),
                        Ring((0.71, 0.63), 0.14, 0.014),
                    ],
                    dark,
                );
                let frame = [
                    ((0.29, 0.63), (0.40, 0.43)),
                    ((0.40, 0.43), (0.62, 0.43)),
                    ((0.40, 0.43), (0.49, 0.63)),
                    ((0.62, 0.43), (0.49, 0.63)),
                    ((0.29, 0.63), (0.49, 0.63)),
                    ((0.71, 0.63), (0.60, 0.36)),
                ];
                paint(&frame.map(|(from, to)| Line(from, to, 0.013)), body);
                paint(
                    &[
                        Line((0.60, 0.36), (0.68, 0.34), 0.012),
                        Line((0.35, 0.39), (0.44, 0.39), 0.015),
                    ],
                    dark,
                );
                paint(&[Ellipse((0.49, 0.63), (0.032, 0.032))], detail);
            }
            Self::Book => {
                paint(&[Box((0.51, 0.53), (0.20, 0.26), 0.02)], dark);
                paint(
                    &[Box((0.52, 0.53), (0.18, 0.245), 0.008)],
                    Colour::hsl(40.0, 0.3, 0.96),
                );
                paint(&[Box((0.49, 0.52), (0.19, 0.25), 0.02)], body);
                paint(&[Box((0.325, 0.52), (0.022, 0.25), 0.01)], dark);
                paint(&[Box((0.52, 0.42), (0.10, 0.05), 0.01)], detail);
                paint(&[Line((0.60, 0.27), (0.60, 0.38), 0.012)], detail);
            }
            Self::Cup => {
                paint(
                    &[Ellipse((0.47, 0.755), (0.27, 0.035))],
                    detail.mix(dark, 0.2),
                );
                paint(&[Ring((0.69, 0.54), 0.075, 0.020)], dark);
                paint(
                    &[Polygon(
                        vec![(0.28, 0.43), (0.66, 0.43), (0.60, 0.72), (0.34, 0.72)],
                        0.025,
                    )],
                    body,
                );
                paint(&[Ellipse((0.47, 0.425), (0.19, 0.038))], detail);
                paint(&[Ellipse((0.47, 0.428), (0.165, 0.027))], dark);
                paint(
                    &[0.41, 0.47, 0.53].map(|x| Line((x, 0.35), (x + 0.015, 0.25), 0.007)),
                    Colour::hsl(0.0, 0.0, 0.97),
                );
            }
        }
    }
}

/// The corners of the upper half of a ring.
fn half_ring((x, y): (f32, f32), outer: f32, inner: f32) -> Vec<(f32, f32)> {
    let arc = |radius: f32| {
        (0..=32_u8).map(move |step| {
            let angle = std::f32::consts::PI * f32::from(step) / 32.0;
            (x - radius * angle.cos(), y - radius * angle.sin())
        })
    };
    arc(outer).chain(arc(inner).rev()).collect()
}
