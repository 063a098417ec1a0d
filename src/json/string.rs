//! Strings of JSON: what the text between quotes stands for.
//!
//! The cursor has checked each escape before, so here they are only read.

use std::borrow::Cow;

/// Whether the text between the quotes of a member's name stands for `name`, which has no backslash itself.
#[inline(always)]
pub(super) fn name_is(raw: &str, name: &str) -> bool {
    // The two are the same up to the first escape, so most names are told apart by their first letter.
    match (raw.as_bytes().first(), name.as_bytes().first()) {
        (Some(raw), Some(name)) if raw != name && *raw != b'\\' => false,
        _ => is_decoded(raw, name),
    }
}

fn is_decoded(raw: &str, name: &str) -> bool {
    // An escape is longer than what it stands for.
    raw == name || (raw.len() > name.len() && decode(raw).is_some_and(|decoded| decoded == name))
}

/// The value of a string, given the text between its quotes; `None` when an escape names half of a surrogate pair.
///
/// `serde_json` would do the same, and bring a fifth of the module's size with it: its errors print floating point numbers.
#[inline]
pub(super) fn decode(raw: &str) -> Option<Cow<'_, str>> {
    if has_escape(raw) { decode_escapes(raw).map(Cow::Owned) } else { Some(Cow::Borrowed(raw)) }
}

fn has_escape(raw: &str) -> bool {
    let (words, rest) = raw.as_bytes().as_chunks();
    words.iter().any(|word| mark(u64::from_le_bytes(*word), b'\\') != 0) || rest.contains(&b'\\')
}

/// Marks the lowest byte of a word that is this one, as [`mark_below`] does.
#[inline(always)]
pub(super) fn mark(word: u64, byte: u8) -> u64 {
    mark_below(word ^ repeated(byte), 1)
}

/// Sets the highest bit of the lowest byte of a word that is below a limit, and of no lower byte. What it makes of higher
/// bytes says nothing. The limit is at most 0x80.
#[inline(always)]
pub(super) fn mark_below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(repeated(limit)) & !word & repeated(0x80)
}

/// The word of eight such bytes.
const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cold]
fn decode_escapes(raw: &str) -> Option<String> {
    let (start, rest) = raw.split_once('\\')?;
    let mut text = start.to_owned();
    let mut rest = rest.chars();
    loop {
        text.push(match rest.next()? {
            'u' => decode_code_point(&mut rest)?,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            itself => itself,
        });
        match rest.as_str().split_once('\\') {
            Some((plain, escaped)) => {
                text.push_str(plain);
                rest = escaped.chars();
            }
            None => {
                text.push_str(rest.as_str());
                return Some(text);
            }
        }
    }
}

/// As [`decode`], for a string in its quotes.
pub(super) fn decode_quoted(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let raw = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    raw.and_then(decode).ok_or("half of a surrogate pair")
}

/// The character that follows `\u`: four digits, or two surrogates of which the second has a `\u` of its own.
#[cold]
fn decode_code_point(rest: &mut std::str::Chars) -> Option<char> {
    let first = decode_unit(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    if rest.next()? != '\\' || rest.next()? != 'u' {
        return None;
    }
    let second = decode_unit(rest)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)
}

fn decode_unit(rest: &mut std::str::Chars) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some((unit << 4) + rest.next()?.to_digit(16)?))
}
