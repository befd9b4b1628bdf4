use super::token::is_space;

/// Powers of ten that a double holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The plain decimal number at the start of `text`, up to white space or the end.
///
/// `None` for anything else: exponents, quotes, or digits beyond what this shortcut rounds correctly.
/// With digits below 2^53 and an exact power of ten the one division rounds once, so the result is the
/// nearest double (Clinger 1990, doi 10.1145/93542.93557).
pub(super) fn plain_decimal(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut mantissa, mut count, mut decimals, mut point) = (0_u64, 0_usize, 0_usize, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                count += 1;
                // 18 digits fit into 64 bits.
                if count > 18 {
                    return None;
                }
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                decimals += usize::from(point);
            }
            b'.' if !point => point = true,
            _ if is_space(byte) => break,
            _ => return None,
        }
    }
    if count == 0 || mantissa >= 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / EXACT[decimals];
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_decimals_are_taken() {
        for (text, wanted) in [
            ("0", Some(0.0)),
            ("-12.50 x", Some(-12.5)),
            (".5\n", Some(0.5)),
            ("7.", Some(7.0)),
            ("", None),
            ("-", None),
            (".", None),
            ("1e3", None),
            ("+1", None),
            ("nan", None),
            ("1.2.3", None),
            ("12345678901234567890", None),
            ("9007199254740993", None),
        ] {
            assert_eq!(plain_decimal(text.as_bytes()), wanted, "{text:?}");
        }
        assert!(plain_decimal(b"-0.0").is_some_and(|zero| zero == 0.0 && zero.is_sign_negative()));
    }

    proptest! {
        #[test]
        fn plain_decimals_match_the_standard_library(text in "-?[0-9]{1,9}(\\.[0-9]{0,9})?") {
            if let Some(value) = plain_decimal(text.as_bytes()) {
                prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
