//! Sheets as PDF/A-2u: archivable, its text can be selected and searched.

use anyhow::{Context as _, anyhow};
use krilla::color::rgb;
use krilla::configure::{Archival, Configuration, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Stroke;
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};

use super::font::{BOLD, REGULAR};
use super::layout::{self, HEIGHT, Mark, WIDTH};
use super::sheet::Sheet;

/// The file. The same sheets make the same file.
pub(super) fn pdf(sheets: &[Sheet], title: String) -> anyhow::Result<Vec<u8>> {
    let first = sheets.first().context("there is something to print")?;
    let settings = SerializeSettings {
        configuration: archivable()?,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    let (year, month, day) = first.date;
    document.set_metadata(
        Metadata::new()
            .title(title)
            .authors(first.sender.first().cloned().into_iter().collect())
            .language("en".to_owned())
            .creation_date(DateTime::new(year).month(month).day(day)),
    );
    for marks in sheets.iter().flat_map(layout::pages) {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).context("A4 has a size")?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in &marks {
            draw(&mut surface, mark)?;
        }
        surface.finish();
        page.finish();
    }
    document
        .finish()
        .map_err(|error| anyhow!("a document could not be written: {error:?}"))
}

fn archivable() -> anyhow::Result<Configuration> {
    ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|error| anyhow!("{error:?}"))
}

fn draw(surface: &mut Surface<'_>, mark: &Mark) -> anyhow::Result<()> {
    match mark {
        Mark::Words {
            x,
            y,
            size,
            bold,
            text,
        } => {
            let face = if *bold { &BOLD } else { &REGULAR };
            let font = face.font().context("the embedded font can be read")?;
            let shaped = face.shape(text);
            let start = Point::from_xy(*x, *y);
            surface.draw_glyphs(start, &shaped.glyphs, font, &shaped.text, *size, false);
        }
        Mark::Rule { y, from, to } => {
            let mut path = PathBuilder::new();
            path.move_to(*from, *y);
            path.line_to(*to, *y);
            surface.set_stroke(Some(Stroke {
                paint: rgb::Color::new(160, 160, 160).into(),
                width: 0.5,
                ..Stroke::default()
            }));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
            surface.set_stroke(None);
        }
    }
    Ok(())
}
