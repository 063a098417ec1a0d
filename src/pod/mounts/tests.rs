use super::{ApiVolume, below_api_path};

#[test]
fn the_part_below_the_api_path() {
    for (path, below) in [
        ("/var/run/secrets/kubernetes.io/serviceaccount", Some("")),
        ("/run/secrets/kubernetes.io/serviceaccount/", Some("")),
        ("/var//run/./secrets/kubernetes.io/serviceaccount/token", Some("token")),
        ("/var/run/secrets/kubernetes.io/serviceaccount/a/b", Some("a/b")),
        ("/var/run/secrets/kubernetes.io/x/../serviceaccount", Some("")),
        ("/var/run/secrets/kubernetes.io", None),
        ("/var/run/secrets/kubernetes.io/serviceaccount-2", None),
        ("/opt/run/secrets/kubernetes.io/serviceaccount", None),
        ("/", None),
    ] {
        assert_eq!(below_api_path(path).as_deref(), below, "{path}");
    }
}

/// Each mount is the part of the volume that it shows, and where below the API path.
#[test]
fn the_files_that_clients_take_for_the_token() {
    for (mounts, path, is_token) in [
        (&[("", "")][..], "token", true),
        (&[("", "")], "./token", true),
        (&[("", "")], "api/token", false),
        (&[("api", "")], "api/token", true),
        (&[("api", "")], "token", false),
        (&[("vault", "token")], "vault", true),
        (&[("vault", "token")], "token", false),
        (&[("vault", "ca.crt")], "vault", false),
        (&[("", "token")], "", false),
        (&[("$(POD)", "")], "anything", true),
        (&[("vault", "token"), ("", "")], "token", true),
    ] {
        let mut volume = ApiVolume::default();
        mounts.iter().for_each(|(part, below)| volume.add(below, part));
        assert_eq!(volume.is_token(path), is_token, "{path} of {mounts:?}");
    }
}
