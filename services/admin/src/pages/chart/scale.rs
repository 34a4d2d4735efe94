//! Which numbers stand beside a chart, and where.

/// How many steps are wished for; there may be one or two more.
const STEPS: i64 = 4;

/// The axis of values: from `low` to `high` in steps that people like, with zero always in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    low: i64,
    high: i64,
    step: i64,
    /// Digits of the minor unit.
    exponent: u32,
}

impl Scale {
    /// Steps of 1, 2 or 5 with any number of zeros; at least one unit high.
    pub(super) fn of((least, most): (i64, i64), exponent: u32) -> Self {
        // Far beyond any shop, and sums stay within the type.
        const FAR: i64 = i64::MAX / 8;
        let (least, most) = (least.clamp(-FAR, 0), most.clamp(0, FAR));
        let span = (most - least).max(1);
        let wanted = span / STEPS + i64::from(span % STEPS != 0);
        let mut magnitude = 1_i64;
        while magnitude.saturating_mul(10) <= wanted {
            magnitude *= 10;
        }
        let step = [1, 2, 5, 10]
            .into_iter()
            .map(|digit| magnitude.saturating_mul(digit))
            .find(|step| *step >= wanted)
            .unwrap_or(wanted);
        let step = if least == 0 && most == 0 {
            10_i64.pow(exponent.min(6))
        } else {
            step
        };
        let up = |value: i64| (value + step - 1) / step * step;
        Self {
            low: -up(-least),
            high: up(most).max(if least == 0 { step } else { 0 }),
            step,
            exponent,
        }
    }

    /// From below.
    pub(super) fn ticks(&self) -> impl Iterator<Item = i64> + use<> {
        let Self {
            low, high, step, ..
        } = *self;
        (0..)
            .map(move |nth| low + nth * step)
            .take_while(move |tick| *tick <= high)
    }

    /// How far from above a value lies, of `height`.
    pub(super) fn height_of(&self, value: i64, height: i64) -> f64 {
        let part = (self.high - value) as f64 / (self.high - self.low) as f64;
        part * height as f64
    }

    /// The same for curves.
    pub(super) fn y(&self, value: i64, height: i64) -> String {
        super::decimal(self.height_of(value, height))
    }

    /// A tick in few letters: `1.5k`, `20M`, `0.50`.
    pub(super) fn label(&self, value: i64) -> String {
        let unit = 10_i64.pow(self.exponent.min(6));
        let sign = if value < 0 { "−" } else { "" };
        let value = value.unsigned_abs();
        let unit = unit.unsigned_abs();
        for (size, letter) in [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")] {
            let whole = unit.saturating_mul(size);
            if value >= whole {
                let (big, rest) = (value / whole, value % whole * 100 / whole);
                let text = format!("{big}.{rest:02}");
                return format!(
                    "{sign}{}{letter}",
                    text.trim_end_matches('0').trim_end_matches('.')
                );
            }
        }
        if self.step.unsigned_abs().is_multiple_of(unit) {
            return format!("{sign}{}", value / unit);
        }
        let digits = self.exponent as usize;
        format!("{sign}{}.{:0digits$}", value / unit, value % unit)
    }
}
