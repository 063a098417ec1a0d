use super::{normalized, same_path};

#[test]
fn spellings_of_a_path() {
    for (path, expected) in [
        ("token", "token"),
        ("/var/run/", "var/run"),
        ("./a//b/.", "a/b"),
        ("a/../b", "b"),
        ("a/b/../../c", "c"),
        ("../a", "a"),
        ("..a/b..", "..a/b.."),
        ("/", ""),
        ("", ""),
    ] {
        assert_eq!(normalized(path), expected, "{path}");
        assert!(same_path(path, expected), "{path}");
    }
    for (one, other) in [("a", "b"), ("a/b", "a"), ("a/b", "ab"), ("Token", "token"), ("", "a")] {
        assert!(!same_path(one, other), "{one} {other}");
    }
}
