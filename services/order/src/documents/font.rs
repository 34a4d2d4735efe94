//! The embedded font: DejaVu Sans Condensed, which has Latin, Greek and Cyrillic letters and is free to embed (assets/fonts/LICENSE).

use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};
use skrifa::raw::FontRef;

/// Stands for letters that the font does not have.
const MISSING: char = '?';

/// A face in which text can be measured and written.
pub(super) struct Face {
    font: Option<Font>,
    bytes: &'static [u8],
}

/// Both faces; parsed once.
pub(super) static REGULAR: LazyLock<Face> =
    LazyLock::new(|| Face::new(include_bytes!("../../assets/fonts/DejaVuSansCondensed.ttf")));
pub(super) static BOLD: LazyLock<Face> = LazyLock::new(|| {
    Face::new(include_bytes!(
        "../../assets/fonts/DejaVuSansCondensed-Bold.ttf"
    ))
});

/// Text that is ready to be written: `text` has no letters that the font does not have.
#[derive(Debug, Default)]
pub(super) struct Shaped {
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Self {
        Self {
            font: Font::new(bytes.into(), 0),
            bytes,
        }
    }

    pub(super) fn font(&self) -> Option<Font> {
        self.font.clone()
    }

    /// One glyph for each letter: enough for the scripts that the font is embedded for.
    pub(super) fn shape(&self, text: &str) -> Shaped {
        let Ok(font) = FontRef::new(self.bytes) else {
            return Shaped::default();
        };
        let (letters, metrics) = (
            font.charmap(),
            font.glyph_metrics(Size::unscaled(), LocationRef::default()),
        );
        let em = f32::from(
            font.metrics(Size::unscaled(), LocationRef::default())
                .units_per_em,
        );
        let mut shaped = Shaped::default();
        for letter in text.chars() {
            let known = letters.map(letter).map(|glyph| (letter, glyph));
            let Some((letter, glyph)) = known.or_else(|| Some((MISSING, letters.map(MISSING)?)))
            else {
                continue;
            };
            let from = shaped.text.len();
            shaped.text.push(letter);
            let advance = metrics.advance_width(glyph).unwrap_or(0.0) / em;
            shaped.glyphs.push(KrillaGlyph::new(
                GlyphId::new(glyph.to_u32()),
                advance,
                0.0,
                0.0,
                0.0,
                from..shaped.text.len(),
                None,
            ));
        }
        shaped
    }

    /// How wide the text is at this size.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let glyphs = self.shape(text).glyphs;
        glyphs.iter().map(|glyph| glyph.x_advance * size).sum()
    }

    /// Breaks the text into lines that are not wider, between words if it can.
    pub(super) fn wrap(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let longer = match lines.last() {
                Some(line) if !line.is_empty() => format!("{line} {word}"),
                _ => word.to_owned(),
            };
            if self.width(&longer, size) <= width {
                lines.pop();
                lines.push(longer);
                continue;
            }
            if lines.last().is_some_and(|line| !line.is_empty()) {
                lines.push(String::new());
            }
            for letter in word.chars() {
                let fits = lines
                    .last()
                    .is_none_or(|line| self.width(&format!("{line}{letter}"), size) <= width);
                if !fits {
                    lines.push(String::new());
                }
                if let Some(line) = lines.last_mut() {
                    line.push(letter);
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_europe_are_embedded() {
        let text = "ÄÖÜäöüß€ĄĆĘŁŃÓŚŹŻąćęłńóśźżČŘŠŽÅÆØÞĐİĞŞőűțșñçàéîΑΩάЖщїґ–—„“”’·";
        for face in [&REGULAR, &BOLD] {
            assert_eq!(face.shape(text).text, text);
        }
        assert_eq!(REGULAR.shape("a中").text, "a?");
    }

    #[test]
    fn lines_fit_and_lose_nothing() {
        let text = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk und mehr";
        let lines = REGULAR.wrap(text, 10.0, 80.0);
        assert!(lines.iter().all(|line| REGULAR.width(line, 10.0) <= 80.0));
        let joined: String = lines.concat().split_whitespace().collect();
        assert_eq!(joined, text.replace(' ', ""));
    }
}
