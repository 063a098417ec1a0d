use super::{is_cluster_id, is_dns1123_label, is_dns1123_subdomain, is_label_key};

#[test]
fn subdomains() {
    for name in ["a", "a-b.c", "0", "xn--a.b", &format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61))] {
        assert!(is_dns1123_subdomain(name), "{name}");
    }
    for name in ["", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "A", "a_b", "ä", "a b", "a/b", &"a".repeat(254)] {
        assert!(!is_dns1123_subdomain(name), "{name}");
    }
}

#[test]
fn labels() {
    for name in ["a", "demo-milan", "0", &"a".repeat(63)] {
        assert!(is_dns1123_label(name), "{name}");
    }
    for name in ["", "a.b", "-a", "a-", "A", &"a".repeat(64)] {
        assert!(!is_dns1123_label(name), "{name}");
    }
}

#[test]
fn cluster_ids() {
    for id in ["milan", "milan-1", "milan-", "1", &"m".repeat(63)] {
        assert!(is_cluster_id(id), "{id}");
    }
    for id in ["", "-", "-milan", "Milan", "a.b", &"m".repeat(64)] {
        assert!(!is_cluster_id(id), "{id}");
    }
}

#[test]
fn keys_of_labels() {
    for key in [
        "a",
        "offloading.liqo.io/origin",
        "multicluster.admiralty.io/parent-cluster-name",
        "a/B_c.d-e",
        &"k".repeat(63),
    ] {
        assert!(is_label_key(key), "{key}");
    }
    for key in ["", "/a", "a/", "a/b/c", "A/b", "a/-b", "a/b-", "a b", "ä", &"k".repeat(64)] {
        assert!(!is_label_key(key), "{key}");
    }
}
