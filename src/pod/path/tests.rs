use super::{Path, SPEC};

#[test]
fn paths_as_messages_show_them() {
    assert_eq!(Path::Root.to_string(), "");
    assert_eq!(SPEC.to_string(), "spec");
    assert_eq!(SPEC.member("containers").item(2).member("env").item(0).to_string(), "spec.containers[2].env[0]");
    let metadata = Path::Root.member("metadata");
    let annotations = metadata.member("annotations");
    assert_eq!(annotations.member("a-b").to_string(), "metadata.annotations.a-b");
    assert_eq!(annotations.member("liqo.io/x").to_string(), "metadata.annotations[\"liqo.io/x\"]");
    assert_eq!(annotations.member("a.b").to_string(), "metadata.annotations[\"a.b\"]");
}
