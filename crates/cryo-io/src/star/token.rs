//! Words of STAR text: bare, quoted, `;` blocks and comments.

use std::borrow::Cow;

/// What separates words within a line. A carriage return counts, so that CRLF files read alike.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\x0b' | b'\x0c')
}

pub(super) fn is_space(byte: u8) -> bool {
    // One comparison settles almost every byte.
    byte <= b' ' && (byte == b'\n' || is_blank(byte))
}

/// The first place from `at` that is no blank; may be a line feed or the end.
pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && is_blank(text[at]) {
        at += 1;
    }
    at
}

/// One past the line feed of the line that `at` lies in, or the end.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    (line_end(text, at) + 1).min(text.len())
}

/// The line feed of the line that `at` lies in, or the end.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..);
    rest.and_then(find_newline)
        .map_or(text.len(), |offset| at + offset)
}

fn find_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

/// Why no word could be cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// A quote without its closing one on the same line.
    Quote,
    /// A `;` block without its closing line.
    Block,
    /// More right after the closing `;`.
    Tail,
}

/// Where the value that starts at `start` ends, its quotes included.
///
/// A quote closes where white space or the end follows; a block opens with `;` at the start of a
/// line and ends with the next line that starts with `;`.
pub(super) fn value_end(text: &[u8], start: usize) -> Result<usize, Broken> {
    match text.get(start) {
        Some(&quote @ (b'"' | b'\'')) => {
            let mut at = start + 1;
            while at < text.len() && text[at] != b'\n' {
                if text[at] == quote && text.get(at + 1).is_none_or(|&next| is_space(next)) {
                    return Ok(at + 1);
                }
                at += 1;
            }
            Err(Broken::Quote)
        }
        Some(b';') if opens_block(text, start) => block_end(text, start),
        _ => Ok(bare_end(text, start)),
    }
}

pub(super) fn bare_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && !is_space(text[at]) {
        at += 1;
    }
    at
}

pub(super) fn opens_block(text: &[u8], at: usize) -> bool {
    text.get(at) == Some(&b';') && (at == 0 || text[at - 1] == b'\n')
}

fn block_end(text: &[u8], start: usize) -> Result<usize, Broken> {
    let mut at = start + 1;
    while let Some(offset) = find_newline(&text[at..]) {
        at += offset + 1;
        if text.get(at) == Some(&b';') {
            let closed = text.get(at + 1).is_none_or(|&next| is_space(next));
            return if closed {
                Ok(at + 1)
            } else {
                Err(Broken::Tail)
            };
        }
    }
    Err(Broken::Block)
}

/// The value without its quotes or semicolons.
pub(super) fn unquoted(raw: &str) -> &str {
    let inner = |raw: &str| raw.len() >= 2;
    match raw.as_bytes() {
        [b'"', .., b'"'] | [b'\'', .., b'\''] if inner(raw) => &raw[1..raw.len() - 1],
        [b';', .., b'\n', b';'] => {
            let body = &raw[1..raw.len() - 2];
            body.strip_suffix('\r').unwrap_or(body)
        }
        _ => raw,
    }
}

/// The value as it must stand in a file, or `None` where STAR cannot say it.
pub(super) fn quoted(value: &str) -> Option<Cow<'_, str>> {
    if !needs_quotes(value) {
        return Some(Cow::Borrowed(value));
    }
    if !value.contains('\n') {
        for quote in ['"', '\''] {
            let closes_early = value.match_indices(quote).any(|(at, _)| {
                let next = value.as_bytes().get(at + 1);
                next.is_some_and(|&next| is_space(next))
            });
            if !closes_early {
                return Some(Cow::Owned(format!("{quote}{value}{quote}")));
            }
        }
    }
    (!value.contains("\n;") && !value.ends_with('\r')).then(|| Cow::Owned(format!(";{value}\n;")))
}

/// RELION writes lists such as `[1,0]` bare, which strict STAR reserves.
fn needs_quotes(value: &str) -> bool {
    let bytes = value.as_bytes();
    let reserved = ["data_", "loop_", "save_", "stop_", "global_"];
    let Some(first) = bytes.first() else {
        return true;
    };
    matches!(first, b'_' | b'#' | b'$' | b'\'' | b'"' | b';')
        || bytes.iter().any(|&byte| is_space(byte))
        || reserved.iter().any(|word| {
            value
                .get(..word.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(word))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_quoted_reads_back() {
        for value in [
            "",
            "a",
            "a b",
            "it's",
            "it's so",
            "\"",
            "a\" b",
            "a\" b' c",
            "a\nb",
            "data_1.mrc",
            "_x",
            "#1",
            ";",
            "[1,0]",
            "a#b",
            "'a'",
            "\u{e9} t",
        ] {
            let raw = quoted(value).unwrap();
            let padded = format!("{raw} next");
            let end = if raw.starts_with(';') {
                raw.len()
            } else {
                value_end(padded.as_bytes(), 0).unwrap()
            };
            assert_eq!(unquoted(&padded[..end]), value, "{raw:?}");
        }
        assert_eq!(quoted("a\n;b"), None);
    }

    #[test]
    fn a_quote_closes_only_before_white_space() {
        assert_eq!(value_end(b"'it's' x", 0), Ok(6));
        assert_eq!(value_end(b"'open\n'", 0), Err(Broken::Quote));
        assert_eq!(value_end(b";a\nb\n; x", 0), Ok(6));
        assert_eq!(value_end(b";a\nb", 0), Err(Broken::Block));
        assert_eq!(value_end(b";a\n;b", 0), Err(Broken::Tail));
        assert_eq!(value_end(b"a ;b", 2), Ok(4));
    }
}
