use super::{root_ca, token_key, token_secret};

/// The digests are those of `sha256sum`.
#[test]
fn liqos_objects() {
    assert_eq!(token_secret("web-0"), "web-0-token");
    assert_eq!(token_key("kube-api-access-79gj5", "token"), "kube-api-access-79gj5-3c469e");
    assert_eq!(token_key("v", "vault/token"), "v-927385");
    assert_eq!(token_key("v", ""), "v-e3b0c4");
}

#[test]
fn certificates_of_a_home_cluster() {
    for (origin, name) in [
        ("milan", "kube-root-ca.crt.milan"),
        ("milan-1", "kube-root-ca.crt.milan"),
        ("rome-2", "kube-root-ca.crt.rome-a"),
        ("a", "kube-root-ca.crt.a"),
        ("a-", "kube-root-ca.crt.a-a"),
    ] {
        assert_eq!(root_ca(origin), name);
    }
}
