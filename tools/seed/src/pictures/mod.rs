//! Pictures of products: a soft gradient, a pool of light, and a simple drawing of what it is.

mod canvas;
mod motif;

pub(crate) use motif::Motif;

use canvas::{Canvas, Colour};

use crate::dice::Dice;

/// Width and height of a picture.
const SIZE: u32 = 640;

/// Draws a product from the front and, for every third, in other colours once more; PNG files.
pub(crate) fn draw(motif: Motif, title: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let dice = Dice::of(title);
    let hue = dice.fraction() * 360.0;
    let views = if dice.roll(3) == 0 { 2 } else { 1 };
    (0..views)
        .map(|view| picture(motif, &dice, hue + if view == 0 { 0.0 } else { 150.0 }))
        .collect()
}

fn picture(motif: Motif, dice: &Dice, hue: f32) -> anyhow::Result<Vec<u8>> {
    let backdrop = (
        Colour::hsl(hue, 0.32, 0.93),
        Colour::hsl(hue + 25.0, 0.28, 0.80),
    );
    let body = Colour::hsl(hue + 190.0 + dice.fraction() * 40.0, 0.38, 0.42);
    let mut canvas = Canvas::new(SIZE, backdrop.0, backdrop.1);
    canvas.glow((0.5, 0.46), 0.42, Colour::hsl(hue, 0.5, 0.98));
    canvas.shade(
        (0.5, 0.80),
        (0.27, 0.035),
        Colour::hsl(hue + 20.0, 0.25, 0.55),
    );
    motif.paint(&mut canvas, body, Colour::hsl(hue + 15.0, 0.45, 0.88));
    canvas.png()
}

#[cfg(test)]
mod tests {
    use super::{Motif, draw};

    #[test]
    fn every_motif_draws_a_picture_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for motif in Motif::ALL {
            let pictures = draw(*motif, "Thing").unwrap();
            assert!(pictures.iter().all(|png| png.len() < 400_000));
            assert!(image::load_from_memory(&pictures[0]).is_ok());
            assert!(seen.insert(pictures[0].clone()), "{motif:?}");
        }
    }
}
