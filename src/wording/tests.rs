use super::{closest, cut, quoted, shown};

#[test]
fn long_texts_are_cut() {
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("abcd", 3), "ab…");
    assert_eq!(cut("äöüß", 3), "äö…");
    assert_eq!(quoted(&"x".repeat(65)), format!("\"{}…\"", "x".repeat(63)));
}

#[test]
fn a_value_stays_on_its_line() {
    assert_eq!(shown("a\nb\u{7}\"ä"), "a\\nb\\u{7}\"ä");
}

#[test]
fn the_nearest_word_is_meant() {
    let modes = ["home", "remote", "disabled"];
    assert_eq!(closest("Remote ", &modes), Some("remote"));
    assert_eq!(closest("rmeot", &modes), Some("remote"));
    assert_eq!(closest("rmeo", &modes), None);
    assert_eq!(closest("hoxy", &modes), None);
    assert_eq!(closest("hoem", &modes), Some("home"));
    assert_eq!(closest("", &modes), None);
}
