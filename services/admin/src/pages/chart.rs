//! Charts drawn on the server, as SVG that needs no script: lines with the period before, bars, stacked bars, rankings.
//!
//! Widths are percentages of the place they get, so that letters keep their size on a telephone; only the curves are stretched. Colours come
//! from the classes `s1`…`s6` of the stylesheet. Whoever cannot see a chart gets its title, a sentence, and a table of the same numbers.

mod scale;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use primitives::{Currency, Money};

use scale::Scale;

/// What the numbers of a chart are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How many.
    Count,
    /// Minor units.
    Money(Currency),
}

impl Unit {
    /// A number in full: `1,234.50 EUR`.
    pub(crate) fn full(self, value: i64) -> String {
        let text = match self {
            Self::Count => value.to_string(),
            Self::Money(currency) => Money::new(value, currency).to_string(),
        };
        crate::format::thousands(&text)
    }

    /// Digits of the smallest unit.
    fn exponent(self) -> u32 {
        match self {
            Self::Count => 0,
            Self::Money(currency) => currency.exponent(),
        }
    }
}

/// A row of numbers, one for each label.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<i64>,
    /// Of another time, drawn behind the others and dashed.
    pub(crate) before: bool,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>, values: Vec<i64>) -> Self {
        Self {
            name: name.into(),
            values,
            before: false,
        }
    }

    pub(crate) fn before(self) -> Self {
        Self {
            before: true,
            ..self
        }
    }
}

/// Numbers along a time, or along anything else that has an order.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    /// Unique on the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// What the first column of the table is.
    pub(crate) along: &'static str,
    pub(crate) labels: Vec<String>,
    pub(crate) series: Vec<Series>,
    /// Whether the table comes with it; no where the page has one.
    pub(crate) table: bool,
}

/// A finished chart: HTML that is safe to write into a page, because all texts in it are escaped here.
#[derive(Debug, Clone)]
pub(crate) struct Chart(String);

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Chart {}

/// Where the curves are, in pixels from above.
const TOP: i64 = 20;
const HEIGHT: i64 = 190;
/// The width that curves are drawn in before they are stretched.
const WIDTH: i64 = 1000;
/// Labels below the axis on a wide screen; a narrow one shows every other.
const LABELS: usize = 7;
/// Colours that can be told apart.
const COLOURS: usize = 6;

impl Plot {
    /// A line for each series, the first with an area below.
    pub(crate) fn lines(&self) -> Chart {
        self.draw(Scale::of(self.extremes(), self.unit.exponent()), |scale| {
            let mut out = format!(
                r#"<svg x="0" y="{TOP}" width="100%" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">"#
            );
            for (index, series) in self.drawn() {
                let points: Vec<String> = series
                    .values
                    .iter()
                    .enumerate()
                    .map(|(at, value)| format!("{} {}", self.middle(at), scale.y(*value, HEIGHT)))
                    .collect();
                let colour = index % COLOURS + 1;
                if index == 0 && !series.before && points.len() > 1 {
                    let zero = scale.y(0, HEIGHT);
                    let (first, last) = (self.middle(0), self.middle(points.len() - 1));
                    let _ = write!(
                        out,
                        r#"<path class="area s{colour}" d="M{first} {zero}L{}L{last} {zero}Z"/>"#,
                        points.join("L")
                    );
                }
                let before = if series.before { " before" } else { "" };
                // A point alone is a line of no length, which its round ends make a dot.
                let dot = if points.len() == 1 { "h0" } else { "" };
                let _ = write!(
                    out,
                    r#"<path class="curve s{colour}{before}" d="M{}{dot}"/>"#,
                    points.join("L")
                );
            }
            out + "</svg>"
        })
    }

    /// Bars of all series side by side.
    pub(crate) fn bars(&self) -> Chart {
        self.draw(Scale::of(self.extremes(), self.unit.exponent()), |scale| {
            let mut out = String::new();
            let each = 80.0 / self.count() / self.series.len().max(1) as f64;
            for (place, (index, series)) in self.drawn().enumerate() {
                for (at, value) in series.values.iter().enumerate() {
                    let x = (at as f64 + 0.1) * 100.0 / self.count() + place as f64 * each;
                    bar(
                        &mut out,
                        scale,
                        (0, *value),
                        (x, each),
                        class(index, series),
                    );
                }
            }
            out
        })
    }

    /// Bars of all series upon each other; what is negative hangs below zero.
    pub(crate) fn stacked(&self) -> Chart {
        let sums = |sign: i64| {
            (0..self.labels.len()).map(move |at| {
                let values = self
                    .series
                    .iter()
                    .filter_map(move |series| series.values.get(at));
                values.filter(|value| value.signum() == sign).sum::<i64>()
            })
        };
        let extremes = (
            sums(-1).min().unwrap_or_default(),
            sums(1).max().unwrap_or_default(),
        );
        self.draw(Scale::of(extremes, self.unit.exponent()), |scale| {
            let mut out = String::new();
            let each = 80.0 / self.count();
            let mut reached = vec![(0_i64, 0_i64); self.labels.len()];
            for (index, series) in self.series.iter().enumerate() {
                for (at, (value, (up, down))) in series.values.iter().zip(&mut reached).enumerate()
                {
                    let side = if *value < 0 { down } else { up };
                    let from = *side;
                    *side += value;
                    let x = (at as f64 + 0.1) * 100.0 / self.count();
                    bar(
                        &mut out,
                        scale,
                        (from, *side),
                        (x, each),
                        class(index, series),
                    );
                }
            }
            out
        })
    }

    /// Series with those of another time first, so that they lie behind.
    fn drawn(&self) -> impl Iterator<Item = (usize, &Series)> {
        let of = |before| move |(_, series): &(usize, &Series)| series.before == before;
        let all = || self.series.iter().enumerate();
        all().filter(of(true)).chain(all().filter(of(false)))
    }

    fn extremes(&self) -> (i64, i64) {
        let values = || {
            self.series
                .iter()
                .flat_map(|series| &series.values)
                .copied()
        };
        (
            values().min().unwrap_or_default(),
            values().max().unwrap_or_default(),
        )
    }

    fn count(&self) -> f64 {
        self.labels.len().max(1) as f64
    }

    /// The middle of a label's column, of [`WIDTH`].
    fn middle(&self, at: usize) -> String {
        decimal((at as f64 + 0.5) * WIDTH as f64 / self.count())
    }

    fn draw(&self, scale: Scale, marks: impl FnOnce(&Scale) -> String) -> Chart {
        let id = self.id;
        let mut out = format!(
            r#"<figure class="chart">{}<svg class="chart" width="100%" height="240" role="img" aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{}</title><desc id="{id}-desc">{}</desc>"#,
            self.legend(),
            escape(&self.title),
            escape(&self.sentence())
        );
        for tick in scale.ticks() {
            let y = TOP as f64 + scale.height_of(tick, HEIGHT);
            let zero = if tick == 0 { " zero" } else { "" };
            let _ = write!(
                out,
                r#"<line class="gridline{zero}" x1="0" x2="100%" y1="{0}" y2="{0}"/><text class="at" x="0" y="{1}">{2}</text>"#,
                decimal(y),
                decimal(y - 5.0),
                scale.label(tick)
            );
        }
        out += &marks(&scale);
        out += &self.axis();
        out += &self.columns();
        out += "</svg>";
        if self.table {
            out += &self.as_table();
        }
        Chart(out + "</figure>")
    }

    fn axis(&self) -> String {
        let step = self.labels.len().div_ceil(LABELS).max(1);
        let mut out = String::new();
        for (nth, (at, label)) in self.labels.iter().enumerate().step_by(step).enumerate() {
            let x = (at as f64 + 0.5) * 100.0 / self.count();
            let anchor = match x {
                ..5.0 => "start",
                95.0.. => "end",
                _ => "middle",
            };
            let x = match x {
                ..5.0 => 0.0,
                95.0.. => 100.0,
                x => x,
            };
            let wide = if nth % 2 == 1 { " roomy" } else { "" };
            let _ = write!(
                out,
                r#"<text class="along{wide}" x="{}%" y="{}" text-anchor="{anchor}">{}</text>"#,
                decimal(x),
                TOP + HEIGHT + 22,
                escape(label)
            );
        }
        out
    }

    /// What the mouse finds anywhere above a label: its numbers in full.
    fn columns(&self) -> String {
        let mut out = String::new();
        let width = 100.0 / self.count();
        for (at, label) in self.labels.iter().enumerate() {
            let mut text = escape(label);
            for series in &self.series {
                if let Some(value) = series.values.get(at) {
                    let _ = write!(
                        text,
                        "\n{}: {}",
                        escape(&series.name),
                        self.unit.full(*value)
                    );
                }
            }
            let _ = write!(
                out,
                r#"<rect class="hit" x="{}%" y="{TOP}" width="{}%" height="{HEIGHT}"><title>{text}</title></rect>"#,
                decimal(at as f64 * width),
                decimal(width)
            );
        }
        out
    }

    fn legend(&self) -> String {
        if self.series.len() < 2 {
            return String::new();
        }
        let mut out = r#"<ul class="legend">"#.to_owned();
        for (index, series) in self.series.iter().enumerate() {
            let _ = write!(
                out,
                r#"<li><span class="swatch {}"></span>{}</li>"#,
                class(index, series),
                escape(&series.name)
            );
        }
        out + "</ul>"
    }

    /// What there is to see, in a sentence for each series.
    fn sentence(&self) -> String {
        let one = |series: &Series| {
            let sum: i64 = series.values.iter().sum();
            let best =
                std::iter::zip(&self.labels, &series.values).max_by_key(|(_, value)| **value);
            let best = best.map_or_else(String::new, |(label, value)| {
                format!(", most at {label} with {}", self.unit.full(*value))
            });
            format!("{}: {} in all{best}.", series.name, self.unit.full(sum))
        };
        self.series.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn as_table(&self) -> String {
        let mut out = format!(
            r#"<details class="chart-table"><summary>{} as a table</summary><div class="scroll"><table><thead><tr><th scope="col">{}</th>"#,
            escape(&self.title),
            self.along
        );
        for series in &self.series {
            let _ = write!(
                out,
                r#"<th scope="col" class="num">{}</th>"#,
                escape(&series.name)
            );
        }
        out += "</tr></thead><tbody>";
        for (at, label) in self.labels.iter().enumerate() {
            let _ = write!(out, r#"<tr><th scope="row">{}</th>"#, escape(label));
            for series in &self.series {
                let value = series.values.get(at).map(|value| self.unit.full(*value));
                let _ = write!(out, r#"<td class="num">{}</td>"#, value.unwrap_or_default());
            }
            out += "</tr>";
        }
        out + "</tbody></table></div></details>"
    }
}

/// Longest first: a bar for each row with its name and its number, for what has no order of its own.
pub(crate) fn ranking(id: &str, title: &str, unit: Unit, rows: &[(String, i64)]) -> Chart {
    const ROW: usize = 38;
    const NAME: usize = 34;
    let most = rows
        .iter()
        .map(|(_, value)| *value)
        .max()
        .unwrap_or_default();
    let sentence: Vec<String> = rows
        .iter()
        .map(|(name, value)| format!("{name}: {}.", unit.full(*value)))
        .collect();
    let mut out = format!(
        r#"<figure class="chart"><svg class="chart" width="100%" height="{}" role="img" aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{}</title><desc id="{id}-desc">{}</desc>"#,
        rows.len() * ROW,
        escape(title),
        escape(&sentence.join(" "))
    );
    for (at, (name, value)) in rows.iter().enumerate() {
        let width = if most > 0 {
            (*value).max(0) as f64 * 100.0 / most as f64
        } else {
            0.0
        };
        let short: String = if name.chars().count() > NAME {
            name.chars().take(NAME - 1).chain(['…']).collect()
        } else {
            name.clone()
        };
        let _ = write!(
            out,
            r#"<text class="name" x="0" y="{0}">{1}</text><text class="value" x="100%" y="{0}" text-anchor="end">{2}</text><rect class="rail" x="0" y="{3}" width="100%" height="8" rx="4"/><rect class="mark s1" x="0" y="{3}" width="{4}%" height="8" rx="4"><title>{5}: {2}</title></rect>"#,
            at * ROW + 15,
            escape(&short),
            unit.full(*value),
            at * ROW + 22,
            decimal(width),
            escape(name),
        );
    }
    Chart(out + "</svg></figure>")
}

fn class(index: usize, series: &Series) -> String {
    let before = if series.before { " before" } else { "" };
    format!("s{}{before}", index % COLOURS + 1)
}

/// A bar between two values; `(x, width)` in per cent.
fn bar(
    out: &mut String,
    scale: &Scale,
    (from, to): (i64, i64),
    (x, width): (f64, f64),
    class: String,
) {
    if from == to {
        return;
    }
    let (a, b) = (scale.height_of(from, HEIGHT), scale.height_of(to, HEIGHT));
    let _ = write!(
        out,
        r#"<rect class="mark {class}" x="{}%" y="{}" width="{}%" height="{}"/>"#,
        decimal(x),
        decimal(TOP as f64 + a.min(b)),
        decimal(width),
        decimal((a - b).abs().max(0.5))
    );
}

/// Two digits are finer than any screen.
fn decimal(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            _ => out.push(character),
        }
    }
    out
}
