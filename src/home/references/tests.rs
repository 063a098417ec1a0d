use super::{escaped, references};

#[test]
fn references_are_read_as_the_kubelet_reads_them() {
    let cases: [(&str, &[&str]); 12] = [
        ("$(A)", &["A"]),
        ("x$(A)y$(B)", &["A", "B"]),
        ("$$(A)", &[]),
        ("$$$(A)", &["A"]),
        ("$$$$(A)", &[]),
        ("${A} $A", &[]),
        ("$(A", &[]),
        ("$($(A)", &["$(A"]),
        ("$(A $(B) $(C)", &["A $(B", "C"]),
        ("$ä$(A)", &["A"]),
        ("a$", &[]),
        ("$()", &[""]),
    ];
    for (value, expected) in cases {
        assert_eq!(references(value).collect::<Vec<_>>(), expected, "{value}");
        assert_eq!(references(&escaped(value)).count(), 0, "{value}");
    }
}
