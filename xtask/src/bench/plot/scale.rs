//! Logarithmic scales, and how their numbers are written.
//!
//! In: the values of a panel. Out: where a value lies, which powers of ten to mark, and text.

/// What a panel's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Time.
    Nanoseconds,
    /// Memory.
    Mebibytes,
}

/// Times and the words for them, the longest first.
const TIMES: [(f64, &str); 4] = [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")];

impl Unit {
    /// A value with three digits that mean something.
    pub fn exact(self, value: f64) -> String {
        let (value, word) = self.words(value);
        match value {
            ..0.1 => format!("{value:.2} {word}"),
            ..9.95 if value.fract() != 0.0 => format!("{value:.1} {word}"),
            _ => format!("{value:.0} {word}"),
        }
    }

    /// A power of ten.
    pub fn round(self, value: f64) -> String {
        let (value, word) = self.words(value);
        format!("{value} {word}")
    }

    fn words(self, value: f64) -> (f64, &'static str) {
        match self {
            Self::Mebibytes => (value, "MiB"),
            Self::Nanoseconds => {
                // Rounding must not give 1000 of one word where there is a longer one.
                let long = TIMES.into_iter().find(|(length, _)| value >= length * 0.9995);
                let (length, word) = long.unwrap_or((1.0, "ns"));
                (value / length, word)
            }
        }
    }
}

/// Values from one power of ten to some value, on a line from one place to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Exponent at the start.
    low: f64,
    /// Logarithm at the end.
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// The scale on which the least value has a bar that can be seen, and the greatest ends at
    /// `end`.
    pub fn over(values: &[f64], start: f64, end: f64) -> Self {
        let logs = || values.iter().map(|value| value.max(1e-3).log10());
        let (least, most) =
            (logs().fold(f64::INFINITY, f64::min), logs().fold(f64::NEG_INFINITY, f64::max));
        if values.is_empty() {
            return Self { low: 0.0, high: 1.0, start, end };
        }
        let low = (least - 0.15).floor();
        Self { low, high: most.max(low + 1.0), start, end }
    }

    /// Where a value lies.
    pub fn place(&self, value: f64) -> f64 {
        let share = (value.max(1e-3).log10() - self.low) / (self.high - self.low);
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// Powers of ten on the scale.
    pub fn ticks(&self) -> Vec<f64> {
        let exponents = self.low as i32..=self.high.floor() as i32;
        exponents.map(|exponent| 10_f64.powi(exponent)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_with_the_word_that_fits() {
        let written = [0.43, 6.4, 118.0, 999.9, 1_234.0, 14_000.0, 5.2e7, 2e9];
        assert_eq!(
            written.map(|value| Unit::Nanoseconds.exact(value)),
            ["0.4 ns", "6.4 ns", "118 ns", "1.0 µs", "1.2 µs", "14 µs", "52 ms", "2 s"]
        );
        assert_eq!(Unit::Nanoseconds.round(0.1), "0.1 ns");
        assert_eq!(Unit::Mebibytes.exact(10.12), "10 MiB");
    }

    #[test]
    fn a_scale_begins_a_power_of_ten_before_its_least_value() {
        let scale = Scale::over(&[10.0, 1_000.0], 100.0, 400.0);
        assert_eq!(scale.ticks(), [1.0, 10.0, 100.0, 1_000.0]);
        assert_eq!([1.0, 10.0, 1_000.0].map(|value| scale.place(value)), [100.0, 200.0, 400.0]);
    }
}
