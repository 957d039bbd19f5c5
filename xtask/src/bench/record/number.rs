//! Numbers as records write them.
//!
//! In: numbers. Out: text with as many digits as mean something.

/// Three digits that mean something.
pub fn number(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => grouped(value.round() as u64),
    }
}

/// Two digits that mean something.
pub fn ratio(value: f64) -> String {
    match value {
        ..0.0005 => "<0.001".to_owned(),
        ..0.095 => format!("{value:.3}"),
        ..0.95 => format!("{value:.2}"),
        ..9.5 => format!("{value:.1}"),
        _ => grouped(value.round() as u64),
    }
}

/// Thousands apart.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_mean_something() {
        assert_eq!(
            [0.4321, 12.34, 123.4, 1_234_567.0].map(number),
            ["0.43", "12.3", "123", "1,234,567"]
        );
    }

    #[test]
    fn a_ratio_is_never_nothing() {
        assert_eq!(
            [0.000_003, 0.04, 0.5, 2.0, 33.0].map(ratio),
            ["<0.001", "0.040", "0.50", "2.0", "33"]
        );
    }
}
