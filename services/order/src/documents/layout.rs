//! Where everything stands on pages of A4, in points from the top left.

use super::font::{BOLD, Face, REGULAR};
use super::sheet::{Row, Sheet};

pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 56.0;
const RIGHT: f32 = WIDTH - MARGIN;
/// Below this comes the footer.
const BOTTOM: f32 = HEIGHT - 96.0;
const TEXT: f32 = 9.5;
const SMALL: f32 = 7.5;
const LEADING: f32 = 1.35;
const GAP: f32 = 8.0;

/// Something on a page.
#[derive(Debug)]
pub(super) enum Mark {
    /// From the left end of its baseline.
    Words {
        x: f32,
        y: f32,
        size: f32,
        bold: bool,
        text: String,
    },
    /// A thin line across.
    Rule { y: f32, from: f32, to: f32 },
}

/// All pages of a sheet.
pub(super) fn pages(sheet: &Sheet) -> Vec<Vec<Mark>> {
    let mut pen = Pen::default();
    pen.next_page();
    head(&mut pen, sheet);
    table(&mut pen, sheet);
    totals(&mut pen, sheet);
    for note in &sheet.notes {
        pen.y += GAP;
        pen.paragraph(note, MARGIN, RIGHT - MARGIN, TEXT);
    }
    feet(&mut pen.pages, sheet);
    pen.pages
}

/// Writes from the top to the bottom, page after page.
#[derive(Default)]
struct Pen {
    pages: Vec<Vec<Mark>>,
    y: f32,
}

impl Pen {
    fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN + TEXT;
    }

    /// True if a new page was begun, because so much does not fit any more.
    fn make_room(&mut self, height: f32) -> bool {
        let full = self.y + height > BOTTOM;
        if full {
            self.next_page();
        }
        full
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn words(&mut self, x: f32, text: impl Into<String>, size: f32, bold: bool) {
        let (y, text) = (self.y, text.into());
        self.put(Mark::Words {
            x,
            y,
            size,
            bold,
            text,
        });
    }

    fn words_to(&mut self, right: f32, text: &str, size: f32, bold: bool) {
        self.words(right - face(bold).width(text, size), text, size, bold);
    }

    fn rule(&mut self, from: f32, to: f32) {
        let y = self.y;
        self.put(Mark::Rule { y, from, to });
    }

    fn down(&mut self, size: f32) {
        self.y += size * LEADING;
    }

    fn paragraph(&mut self, text: &str, x: f32, width: f32, size: f32) {
        for line in REGULAR.wrap(text, size, width) {
            self.make_room(size * LEADING);
            self.words(x, line, size, false);
            self.down(size);
        }
    }
}

fn face(bold: bool) -> &'static Face {
    if bold { &BOLD } else { &REGULAR }
}

/// Sender, recipient, facts and title.
fn head(pen: &mut Pen, sheet: &Sheet) {
    for (at, line) in sheet.sender.iter().enumerate() {
        let size = if at == 0 { 13.0 } else { SMALL };
        pen.words_to(RIGHT, line, size, at == 0);
        pen.down(size);
    }
    pen.y = f32::max(pen.y + 2.0 * GAP, 130.0);
    let top = pen.y;
    let half = (RIGHT - MARGIN) / 2.0;
    for line in &sheet.recipient {
        pen.paragraph(line, MARGIN, half - GAP, TEXT);
    }
    let below = pen.y;
    pen.y = top;
    for (name, value) in &sheet.facts {
        pen.words(MARGIN + half + GAP, name, TEXT, false);
        let room = half - 2.0 * GAP - REGULAR.width(name, TEXT);
        for line in REGULAR.wrap(value, TEXT, room) {
            pen.words_to(RIGHT, &line, TEXT, false);
            pen.down(TEXT);
        }
    }
    pen.y = pen.y.max(below) + 3.0 * GAP;
    pen.words(MARGIN, &sheet.title, 16.0, true);
    pen.down(16.0);
    pen.y += GAP;
}

fn table(pen: &mut Pen, sheet: &Sheet) {
    // Left edges and widths of the columns.
    let mut x = MARGIN;
    let columns: Vec<(f32, f32)> = sheet
        .columns
        .iter()
        .map(|column| {
            let width = (RIGHT - MARGIN) * f32::from(column.width) / 100.0;
            x += width;
            (x - width, width)
        })
        .collect();
    table_head(pen, sheet, &columns);
    for row in &sheet.rows {
        let lines = wrapped(row, &columns);
        let small = small_print(row, &columns);
        let height = row_height(&lines, &small);
        if pen.make_room(height) {
            table_head(pen, sheet, &columns);
        }
        let top = pen.y;
        for ((cell, (x, width)), column) in lines.iter().zip(&columns).zip(&sheet.columns) {
            pen.y = top;
            for line in cell {
                if column.number {
                    pen.words_to(x + width, line, TEXT, false);
                } else {
                    pen.words(*x, line, TEXT, false);
                }
                pen.down(TEXT);
            }
        }
        if let Some(cell) = lines.first() {
            pen.y = top + cell.len() as f32 * TEXT * LEADING;
            for line in small {
                pen.words(MARGIN, line, SMALL, false);
                pen.down(SMALL);
            }
        }
        pen.y = top + height;
        pen.y -= GAP;
        pen.rule(MARGIN, RIGHT);
        pen.y += GAP + TEXT * 0.5;
    }
}

fn table_head(pen: &mut Pen, sheet: &Sheet, columns: &[(f32, f32)]) {
    for (column, (x, width)) in sheet.columns.iter().zip(columns) {
        if column.number {
            pen.words_to(x + width, column.title, SMALL, true);
        } else {
            pen.words(*x, column.title, SMALL, true);
        }
    }
    pen.y += GAP * 0.6;
    pen.rule(MARGIN, RIGHT);
    pen.y += GAP + TEXT * 0.5;
}

fn wrapped(row: &Row, columns: &[(f32, f32)]) -> Vec<Vec<String>> {
    let cells = row.cells.iter().zip(columns);
    cells
        .map(|(cell, (_, width))| REGULAR.wrap(cell, TEXT, width - GAP * 0.5))
        .collect()
}

/// Below the first cell.
fn small_print(row: &Row, columns: &[(f32, f32)]) -> Vec<String> {
    let width = columns.first().map_or(RIGHT - MARGIN, |(_, width)| *width);
    let lines = row.small.iter();
    lines
        .flat_map(|line| REGULAR.wrap(line, SMALL, width - GAP * 0.5))
        .collect()
}

fn row_height(lines: &[Vec<String>], small: &[String]) -> f32 {
    let first = lines.first().map_or(0, Vec::len) as f32 * TEXT * LEADING
        + small.len() as f32 * SMALL * LEADING;
    let tallest = lines.iter().map(Vec::len).max().unwrap_or(1) as f32 * TEXT * LEADING;
    first.max(tallest) + GAP * 0.7
}

fn totals(pen: &mut Pen, sheet: &Sheet) {
    let from = MARGIN + (RIGHT - MARGIN) * 0.5;
    let last = sheet.totals.len().saturating_sub(1);
    let totals: Vec<(bool, Vec<String>, &str)> = sheet
        .totals
        .iter()
        .enumerate()
        .map(|(at, (name, value))| {
            let face = face(at == last);
            let room = RIGHT - from - GAP - face.width(value, TEXT);
            (at == last, face.wrap(name, TEXT, room), &**value)
        })
        .collect();
    let lines: usize = totals.iter().map(|(_, name, _)| name.len()).sum();
    pen.make_room(lines as f32 * TEXT * LEADING + GAP);
    pen.y += GAP * 0.5;
    for (bold, name, value) in totals {
        if bold {
            pen.y -= TEXT * 0.6;
            pen.rule(from, RIGHT);
            pen.y += TEXT * 1.2;
        }
        pen.words_to(RIGHT, value, TEXT, bold);
        for line in name {
            pen.words(from, line, TEXT, bold);
            pen.down(TEXT);
        }
    }
    pen.y += GAP;
}

/// The same on each page, with its number.
fn feet(pages: &mut [Vec<Mark>], sheet: &Sheet) {
    let count = pages.len();
    for (at, page) in pages.iter_mut().enumerate() {
        let mut y = BOTTOM + 2.5 * GAP;
        page.push(Mark::Rule {
            y: y - GAP - SMALL * 0.5,
            from: MARGIN,
            to: RIGHT,
        });
        let number = format!("Page {} of {count}", at + 1);
        page.push(Mark::Words {
            x: RIGHT - REGULAR.width(&number, SMALL),
            y,
            size: SMALL,
            bold: false,
            text: number,
        });
        let width = (RIGHT - MARGIN) * 0.8;
        let lines = sheet.footer.iter();
        for text in lines
            .flat_map(|line| REGULAR.wrap(line, SMALL, width))
            .take(5)
        {
            page.push(Mark::Words {
                x: MARGIN,
                y,
                size: SMALL,
                bold: false,
                text,
            });
            y += SMALL * LEADING;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Column;
    use super::*;

    /// Left, right, top and bottom of what is written.
    fn boxes(page: &[Mark]) -> Vec<(&str, [f32; 4])> {
        page.iter()
            .filter_map(|mark| match mark {
                Mark::Words {
                    x,
                    y,
                    size,
                    bold,
                    text,
                } => {
                    let right = x + face(*bold).width(text, *size);
                    Some((&**text, [*x, right, y - size * 0.7, *y]))
                }
                Mark::Rule { .. } => None,
            })
            .collect()
    }

    #[test]
    fn nothing_is_written_over_anything_else_however_long_it_is() {
        let long =
            "A name that somebody in the shop found worth so many words that no line holds them";
        let column = |title, width, number| Column {
            title,
            number,
            width,
        };
        let row = || Row {
            cells: vec![long.to_owned(), "10".to_owned(), "1,000.00".to_owned()],
            small: vec![format!("SKU-0001 · color: {long} · size: XXL")],
        };
        let sheet = Sheet {
            title: "Invoice INV-0000001".to_owned(),
            sender: vec!["Mercato".to_owned(), "Street 1".to_owned()],
            recipient: vec![long.to_owned(), "Berlin".to_owned()],
            facts: vec![("Tracking".to_owned(), "0123456789".repeat(10))],
            columns: vec![
                column("Item", 60, false),
                column("Quantity", 15, true),
                column("Amount", 25, true),
            ],
            rows: (0..40).map(|_| row()).collect(),
            totals: vec![
                (format!("Shipping ({long})"), "1,234,567.89 EUR".to_owned()),
                ("Total".to_owned(), "1,234,567.89 EUR".to_owned()),
            ],
            notes: vec![long.repeat(3)],
            footer: vec!["VAT DE1".to_owned()],
            date: (2026, 11, 21),
        };
        let pages = pages(&sheet);
        assert!(pages.len() > 1);
        for page in &pages {
            let boxes = boxes(page);
            for (index, (text, a)) in boxes.iter().enumerate() {
                assert!(
                    a[0] >= MARGIN - 0.5 && a[1] <= RIGHT + 0.5,
                    "{text} is on the paper's edge"
                );
                for (other, b) in &boxes[index + 1..] {
                    let apart = a[1] <= b[0] || b[1] <= a[0] || a[3] <= b[2] || b[3] <= a[2];
                    assert!(apart, "{text:?} and {other:?} overlap: {a:?} {b:?}");
                }
            }
        }
    }
}
