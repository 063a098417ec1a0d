//! How messages show what they are about: values cut and on one line, and the word that was likely meant.

#[cfg(test)]
mod tests;

/// How much of a value or a name a message shows.
const MAX_SHOWN: usize = 64;

/// At most `length` characters of a text, the last one an ellipsis where some are missing.
pub(crate) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => text.chars().take(length - 1).chain(['…']).collect(),
    }
}

/// A value in quotes, as [`shown`].
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", shown(value))
}

/// A value, cut when long, with control and direction characters escaped so that it stays on its line.
pub(crate) fn shown(value: &str) -> String {
    on_one_line(value, MAX_SHOWN)
}

/// At most `length` characters of a text, with control and direction characters escaped.
pub(crate) fn on_one_line(text: &str, length: usize) -> String {
    let mut out = String::new();
    for character in cut(text, length).chars() {
        if character.is_control() || is_direction(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Characters that end a line, or that make a reader see the text in another order.
fn is_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// The question whether another word was meant, in brackets; empty if none is near.
pub(crate) fn question(value: &str, words: &[&'static str]) -> String {
    closest(value, words).map(|word| format!(" (did you mean \"{word}\"?)")).unwrap_or_default()
}

/// The word that was likely meant: the nearest one, where at most every third letter differs, and no more than two.
pub(crate) fn closest(value: &str, words: &[&'static str]) -> Option<&'static str> {
    let value = cut(value.trim_ascii(), MAX_SHOWN).to_ascii_lowercase();
    let distances = words.iter().map(|word| (strsim::osa_distance(&value, &word.to_ascii_lowercase()), word));
    let near = distances.filter(|(distance, word)| *distance <= (word.len() / 3).min(2));
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| *word)
}
