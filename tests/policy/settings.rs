//! The settings: each way to get them wrong with its exact message, and the right ones beside them.

use crate::support::{Case, settings_problem};
use rstest::rstest;
use serde_json::{Value, json};

const KNOWN: &str = "known are homeApiServerHost, homeApiServerPort, homeApiServerAddresses, clusterDomain, homeClusterId, homeClusters, homeCredentialsSecret, defaultMode, allowedModes, allowedRemoteServiceAccounts, keptTokenAudiences, foreignContainers, originLabel, namespaceLookup, strict, validateOnly, verifyOnly";
const HOST: &str = "expected a DNS name or an IP address, found";
const PORT: &str = "expected a number from 1 to 65535, found";
const ID: &str = "expected the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens), found";
const NAME: &str = "expected a name (a DNS-1123 subdomain of at most 253 characters), found";
const MODE: &str = r#"expected "home", "remote" or "disabled", found"#;

#[track_caller]
fn problem(settings: &Value) -> Option<String> {
    settings_problem(settings.to_string().as_bytes())
}

#[rstest]
#[case::number(json!("homeApiServerHost"), json!(7), format!("{} found a number", HOST.trim_end_matches(" found")))]
#[case::list(json!("homeApiServerHost"), json!(["h"]), format!("{HOST} a list"))]
#[case::empty(json!("homeApiServerHost"), json!(""), format!(r#"{HOST} "": it is empty"#))]
#[case::scheme(json!("homeApiServerHost"), json!("https://h"), format!(r#"{HOST} "https://h": leave the scheme out"#))]
#[case::brackets(json!("homeApiServerHost"), json!("[fd00::1]"), format!(r#"{HOST} "[fd00::1]": leave the brackets out"#))]
#[case::brackets_and_port(json!("homeApiServerHost"), json!("[fd00::1]:443"), format!(r#"{HOST} "[fd00::1]:443": leave the brackets out"#))]
#[case::port(json!("homeApiServerHost"), json!("h:443"), format!(r#"{HOST} "h:443": leave the port out, it is set in homeApiServerPort"#))]
#[case::path(json!("homeApiServerHost"), json!("h/api"), format!(r#"{HOST} "h/api": leave the path out"#))]
#[case::idn(json!("homeApiServerHost"), json!("münchen.example"), format!(r#"{HOST} "münchen.example": write it in its ASCII form (punycode)"#))]
#[case::upper_case(json!("homeApiServerHost"), json!("Api.example"), format!(r#"{HOST} "Api.example": write it in lower case"#))]
#[case::last_dot(json!("homeApiServerHost"), json!("h.example."), format!(r#"{HOST} "h.example.": leave the last dot out"#))]
#[case::long_label(json!("homeApiServerHost"), json!(format!("{}.example", "a".repeat(64))), format!(r#"{HOST} "{}…": a label is longer than 63 characters"#, "a".repeat(63)))]
#[case::long(json!("homeApiServerHost"), json!(["a".repeat(63).as_str(); 4].join(".")), format!(r#"{HOST} "{}…": it is longer than 253 characters"#, "a".repeat(63)))]
#[case::underscore(json!("homeApiServerHost"), json!("a_b"), format!(r#"{HOST} "a_b": labels hold letters, digits and inner hyphens only"#))]
#[case::underscore_in_the_longest_name(json!("homeApiServerHost"), json!("a_".repeat(126) + "a"), format!(r#"{HOST} "{}…": labels hold letters, digits and inner hyphens only"#, "a_".repeat(31) + "a"))]
#[case::space(json!("homeApiServerHost"), json!(" h"), format!(r#"{HOST} " h": labels hold letters, digits and inner hyphens only"#))]
#[case::hyphen(json!("homeApiServerHost"), json!("-h.example"), format!(r#"{HOST} "-h.example": labels hold letters, digits and inner hyphens only"#))]
#[case::empty_label(json!("homeApiServerHost"), json!("a..b"), format!(r#"{HOST} "a..b": labels hold letters, digits and inner hyphens only"#))]
#[case::wildcard(json!("homeApiServerHost"), json!("*.example"), format!(r#"{HOST} "*.example": labels hold letters, digits and inner hyphens only"#))]
#[case::leading_zeros(json!("homeApiServerHost"), json!("010.0.0.1"), format!(r#"{HOST} "010.0.0.1": the last label is all digits, and that is no IPv4 address"#))]
#[case::short_ipv4(json!("homeApiServerHost"), json!("10.0.1"), format!(r#"{HOST} "10.0.1": the last label is all digits, and that is no IPv4 address"#))]
#[case::digits(json!("homeApiServerHost"), json!("1"), format!(r#"{HOST} "1": the last label is all digits, and that is no IPv4 address"#))]
#[case::zone(json!("homeApiServerHost"), json!("fe80::1%eth0"), format!(r#"{HOST} "fe80::1%eth0": leave the zone out"#))]
#[case::ipv6(json!("homeApiServerHost"), json!("2001:db8::g"), format!(r#"{HOST} "2001:db8::g": that is no IPv6 address"#))]
#[case::port_zero(json!("homeApiServerPort"), json!(0), format!("{PORT} 0"))]
#[case::port_too_high(json!("homeApiServerPort"), json!(65_536), format!("{PORT} 65536"))]
#[case::port_negative(json!("homeApiServerPort"), json!(-1), format!("{PORT} -1"))]
#[case::port_fraction(json!("homeApiServerPort"), json!(443.5), format!("{PORT} 443.5"))]
#[case::port_boolean(json!("homeApiServerPort"), json!(true), format!("{PORT} a boolean"))]
#[case::port_empty(json!("homeApiServerPort"), json!(""), format!(r#"{PORT} """#))]
#[case::port_leading_zero(json!("homeApiServerPort"), json!("0443"), format!(r#"{PORT} "0443""#))]
#[case::port_plus(json!("homeApiServerPort"), json!("+443"), format!(r#"{PORT} "+443""#))]
#[case::port_space(json!("homeApiServerPort"), json!("443 "), format!(r#"{PORT} "443 ""#))]
#[case::port_name(json!("homeApiServerPort"), json!("https"), format!(r#"{PORT} "https""#))]
#[case::port_string_too_high(json!("homeApiServerPort"), json!("99999999999999999999"), format!(r#"{PORT} "99999999999999999999""#))]
#[case::port_list(json!("homeApiServerPort"), json!([443]), format!("{PORT} a list"))]
#[case::addresses_string(json!("homeApiServerAddresses"), json!("10.0.0.1"), "expected a list, found a string".to_owned())]
#[case::addresses_object(json!("homeApiServerAddresses"), json!({}), "expected a list, found an object".to_owned())]
#[case::id_number(json!("homeClusterId"), json!(1), format!("{ID} a number"))]
#[case::id_empty(json!("homeClusterId"), json!(""), format!(r#"{ID} """#))]
#[case::id_upper_case(json!("homeClusterId"), json!("Milan"), format!(r#"{ID} "Milan""#))]
#[case::id_dot(json!("homeClusterId"), json!("a.b"), format!(r#"{ID} "a.b""#))]
#[case::id_hyphen(json!("homeClusterId"), json!("-milan"), format!(r#"{ID} "-milan""#))]
#[case::id_hyphens(json!("homeClusterId"), json!("--"), format!(r#"{ID} "--""#))]
#[case::id_long(json!("homeClusterId"), json!("m".repeat(64)), format!(r#"{ID} "{}""#, "m".repeat(64)))]
#[case::secret_number(json!("homeCredentialsSecret"), json!(1), format!("{NAME} a number"))]
#[case::secret_empty(json!("homeCredentialsSecret"), json!(""), format!(r#"{NAME} """#))]
#[case::secret_upper_case(json!("homeCredentialsSecret"), json!("Own"), format!(r#"{NAME} "Own""#))]
#[case::secret_with_namespace(json!("homeCredentialsSecret"), json!("ns/own"), format!(r#"{NAME} "ns/own""#))]
#[case::secret_long(json!("homeCredentialsSecret"), json!("s".repeat(254)), format!(r#"{NAME} "{}…""#, "s".repeat(63)))]
#[case::mode_case(json!("defaultMode"), json!("Home"), format!(r#"{MODE} "Home" (did you mean "home"?)"#))]
#[case::mode_two_typos(json!("defaultMode"), json!("rmeot"), format!(r#"{MODE} "rmeot" (did you mean "remote"?)"#))]
#[case::mode_short(json!("defaultMode"), json!("hoxy"), format!(r#"{MODE} "hoxy""#))]
#[case::mode_three_typos(json!("defaultMode"), json!("rmeo"), format!(r#"{MODE} "rmeo""#))]
#[case::mode_typo(json!("defaultMode"), json!("disable"), format!(r#"{MODE} "disable" (did you mean "disabled"?)"#))]
#[case::mode_other(json!("defaultMode"), json!("foreign"), format!(r#"{MODE} "foreign""#))]
#[case::mode_boolean(json!("defaultMode"), json!(false), format!("{MODE} a boolean"))]
#[case::modes_string(json!("allowedModes"), json!("home"), "expected a list, found a string".to_owned())]
#[case::modes_empty(json!("allowedModes"), json!([]), "expected at least one mode, found none".to_owned())]
#[case::accounts_string(json!("allowedRemoteServiceAccounts"), json!("a"), "expected a list, found a string".to_owned())]
#[case::only_string(json!("validateOnly"), json!("true"), "expected true or false, found a string".to_owned())]
#[case::only_number(json!("validateOnly"), json!(1), "expected true or false, found a number".to_owned())]
fn one_value_is_wrong(#[case] key: Value, #[case] value: Value, #[case] message: String) {
    let key = key.as_str().unwrap();
    assert_eq!(problem(&json!({key: value})), Some(format!("{key}: {message}")));
}

#[rstest]
#[case(json!({"homeApiServerAddresses": ["10.0.0.1", "h", 1, "10.0.0.1/24", "[::1]", "010.0.0.1"]}),
    r#"homeApiServerAddresses[1]: expected an IP address, found "h"; homeApiServerAddresses[2]: expected an IP address, found a number; homeApiServerAddresses[3]: expected an IP address, found "10.0.0.1/24"; homeApiServerAddresses[4]: expected an IP address, found "[::1]"; homeApiServerAddresses[5]: expected an IP address, found "010.0.0.1""#)]
#[case(json!({"allowedRemoteServiceAccounts": ["a", "B", null]}),
    r#"allowedRemoteServiceAccounts[1]: expected a name (a DNS-1123 subdomain of at most 253 characters), found "B"; allowedRemoteServiceAccounts[2]: expected a name (a DNS-1123 subdomain of at most 253 characters), found null"#)]
#[case(json!({"allowedModes": ["home", "Remote", 1]}),
    r#"allowedModes[1]: expected "home", "remote" or "disabled", found "Remote" (did you mean "remote"?); allowedModes[2]: expected "home", "remote" or "disabled", found a number"#)]
fn items_are_wrong(#[case] settings: Value, #[case] message: &str) {
    assert_eq!(problem(&settings).as_deref(), Some(message));
}

#[rstest]
#[case("homeApiServerHots", Some("homeApiServerHost"))]
#[case("home_api_server_prot", Some("homeApiServerPort"))]
#[case("default-mode", Some("defaultMode"))]
#[case("HomeClusterID", Some("homeClusterId"))]
#[case("validateonly", Some("validateOnly"))]
#[case("mode", None)]
#[case("", None)]
#[case("home-kubeconfig", None)]
fn unknown_keys(#[case] key: &str, #[case] likely: Option<&str>) {
    let question = likely.map(|key| format!(" (did you mean {key}?)")).unwrap_or_default();
    assert_eq!(problem(&json!({key: null})), Some(format!("\"{key}\": no such setting{question}; {KNOWN}")));
}

#[rstest]
#[case("homeApiServerHost", "home_api_server_host", json!("h"))]
#[case("homeApiServerHost", "home-api-server-host", json!("h"))]
#[case("home-api-server-port", "homeApiServerPort", json!(1))]
#[case("defaultMode", "default_mode", json!("home"))]
#[case("home-cluster-id", "home_cluster_id", json!("milan"))]
fn one_setting_under_two_names(#[case] one: &str, #[case] other: &str, #[case] value: Value) {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    assert_eq!(
        problem(&json!({one: value, other: value})),
        Some(format!("{second}: the same setting as {first}, expected one of them"))
    );
    assert_eq!(problem(&json!({one: value, other: null})), None);
}

#[rstest]
#[case(json!({"allowedModes": ["remote", "disabled"]}), Some(r#"defaultMode: "home" (the default) is not one of allowedModes"#))]
#[case(json!({"defaultMode": "remote", "allowedModes": ["home", "disabled"]}), Some(r#"defaultMode: "remote" is not one of allowedModes"#))]
#[case(json!({"default_mode": "disabled", "allowed_modes": ["disabled", "disabled"]}), None)]
fn modes_go_together(#[case] settings: Value, #[case] message: Option<&str>) {
    assert_eq!(problem(&settings).as_deref(), message);
}

#[test]
fn all_problems_are_told_at_once() {
    let settings = json!({
        "aaa": 1, "homeApiServerHost": "h/", "home_api_server_port": 0, "defaultMode": "x", "allowedModes": [], "validateOnly": 1,
    });
    let message = format!(
        "\"aaa\": no such setting; {KNOWN}; homeApiServerHost: {HOST} \"h/\": leave the path out; home_api_server_port: {PORT} 0; \
         defaultMode: {MODE} \"x\"; allowedModes: expected at least one mode, found none; validateOnly: expected true or false, found a number"
    );
    assert_eq!(problem(&settings), Some(message));
}

#[rstest]
#[case(b"", "they are not JSON: EOF while parsing a value at line 1 column 0")]
#[case(b"{", "they are not JSON: EOF while parsing an object at line 1 column 1")]
#[case(b"[]", "expected an object, found a list")]
#[case(b"\"x\"", "expected an object, found a string")]
#[case(b"{\"\xff\":1}", "expected UTF-8 text, see byte 2")]
fn are_no_settings(#[case] text: &[u8], #[case] message: &str) {
    assert_eq!(settings_problem(text).as_deref(), Some(message));
}

#[rstest]
#[case::empty(json!({}))]
#[case::null(Value::Null)]
#[case::nulls(json!({"homeApiServerHost": null, "homeApiServerPort": null, "homeApiServerAddresses": null, "homeClusterId": null, "homeCredentialsSecret": null, "defaultMode": null, "allowedModes": null, "allowedRemoteServiceAccounts": null, "validateOnly": null}))]
#[case::dns_name(json!({"homeApiServerHost": "api.home-1.example.org"}))]
#[case::digits_in_front(json!({"homeApiServerHost": "1.2.3.4.example"}))]
#[case::punycode(json!({"homeApiServerHost": "xn--mnchen-3ya.example"}))]
#[case::longest_label(json!({"homeApiServerHost": "a".repeat(63)}))]
#[case::longest_name(json!({"homeApiServerHost": format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61))}))]
#[case::ipv4(json!({"homeApiServerHost": "192.0.2.1"}))]
#[case::ipv6(json!({"homeApiServerHost": "2001:DB8::1"}))]
#[case::port_number(json!({"homeApiServerPort": 1}))]
#[case::port_string(json!({"homeApiServerPort": "65535"}))]
#[case::addresses(json!({"homeApiServerAddresses": ["192.0.2.1", "2001:db8::1", "192.0.2.1"]}))]
#[case::no_addresses(json!({"homeApiServerAddresses": []}))]
#[case::longest_id(json!({"homeClusterId": "m".repeat(63)}))]
#[case::hyphen_at_the_end_of_an_id(json!({"homeClusterId": "milan-"}))]
#[case::digits_as_id(json!({"homeClusterId": "1"}))]
#[case::secret(json!({"homeCredentialsSecret": "home.api-1"}))]
#[case::no_service_account(json!({"allowedRemoteServiceAccounts": []}))]
#[case::service_accounts(json!({"allowedRemoteServiceAccounts": ["a", "b.c", "a"]}))]
#[case::validate_only(json!({"validateOnly": true}))]
#[case::cluster_domain(json!({"clusterDomain": "rome.k8s.example.net"}))]
#[case::foreign_containers(json!({"foreignContainers": ["istio-proxy", "vault-agent"]}))]
#[case::snake_case(json!({"home_api_server_host": "h", "home_api_server_port": 1, "home_api_server_addresses": [], "home_cluster_id": "m", "home_credentials_secret": "s", "default_mode": "home", "allowed_modes": ["home"], "allowed_remote_service_accounts": [], "validate_only": false}))]
#[case::flags(json!({"home-api-server-host": "h", "home-api-server-port": "1", "home-cluster-id": "m"}))]
fn are_right(#[case] settings: Value) {
    assert_eq!(problem(&settings), None);
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": []}});
    Case::pod(pod).settings(settings).object();
}

/// Where a name stands twice the last value counts, as it does for policy-server.
#[test]
fn of_two_values_the_last_one_counts() {
    assert_eq!(settings_problem(br#"{"homeApiServerPort":0,"homeApiServerPort":1}"#), None);
    assert_eq!(
        settings_problem(br#"{"homeApiServerPort":1,"homeApiServerPort":0}"#),
        Some(format!("homeApiServerPort: {PORT} 0"))
    );
}

/// Every name of a setting sets it.
#[rstest]
#[case("homeApiServerHost", "homeApiServerPort")]
#[case("home_api_server_host", "home_api_server_port")]
#[case("home-api-server-host", "home-api-server-port")]
fn aliases_count(#[case] host: &str, #[case] port: &str) {
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": []}});
    let answer = Case::pod(pod).settings(json!({host: "api.example.org", port: "6443"})).outcome().answer;
    assert_eq!(answer.audit_annotations["home-api-server"], "api.example.org:6443");
}

#[rstest]
#[case::beside_the_id(json!({"homeClusterId": "milan", "homeClusters": {"milan": {}}}), "homeClusterId: beside homeClusters, expected one of them")]
#[case::none(json!({"homeClusters": {}}), "homeClusters: expected at least one home cluster, found none")]
#[case::list(json!({"homeClusters": ["milan"]}), "homeClusters: expected an object, found a list")]
#[case::id(json!({"homeClusters": {"Milan": {}}}), r#"homeClusters: expected the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens), found "Milan""#)]
#[case::entry(json!({"homeClusters": {"milan": 1}}), "homeClusters.milan: expected an object, found a number")]
#[case::values(
    json!({"homeClusters": {"milan": {"homeApiServerPort": 0, "homeApiServerAddresses": ["x"]}, "rome": {"homeApiServerHost": "H"}}}),
    r#"homeClusters.milan.homeApiServerPort: expected a number from 1 to 65535, found 0; homeClusters.milan.homeApiServerAddresses[0]: expected an IP address, found "x"; homeClusters.rome.homeApiServerHost: expected a DNS name or an IP address, found "H": write it in lower case"#
)]
#[case::key(
    json!({"homeClusters": {"milan": {"homeClusterId": "milan"}}}),
    r#"homeClusters.milan: "homeClusterId": no such setting; known are homeApiServerHost, homeApiServerPort, homeApiServerAddresses, clusterDomain, homeCredentialsSecret, defaultMode, allowedModes, allowedRemoteServiceAccounts"#
)]
#[case::with_what_it_inherits(
    json!({"defaultMode": "remote", "homeClusters": {"milan": {"allowedModes": ["home"]}, "rome": {"allowedModes": ["home"], "defaultMode": "home"}}}),
    r#"homeClusters.milan.defaultMode: "remote" (inherited) is not one of allowedModes"#
)]
#[case::two_names(
    json!({"homeClusters": {"milan": {"home_api_server_port": 1, "homeApiServerPort": 1}}}),
    "homeClusters.milan.home_api_server_port: the same setting as homeApiServerPort, expected one of them"
)]
#[case::label(json!({"originLabel": "a/b/c"}), r#"originLabel: expected the key of a label, found "a/b/c""#)]
#[case::audience(json!({"keptTokenAudiences": [""]}), r#"keptTokenAudiences[0]: expected an audience other than the API server's, found """#)]
#[case::both(json!({"validateOnly": true, "verifyOnly": true}), "verifyOnly: beside validateOnly, expected one of them")]
fn settings_of_home_clusters_are_wrong(#[case] settings: Value, #[case] message: &str) {
    assert_eq!(problem(&settings).as_deref(), Some(message));
}

#[test]
fn many_problems_are_counted() {
    let entries: serde_json::Map<_, _> =
        (0..1000).map(|index| (format!("c-{index:03}"), json!({"homeApiServerPort": 0}))).collect();
    let message = problem(&json!({"homeClusters": entries})).expect("problems");
    assert!(message.starts_with("homeClusters.c-000.homeApiServerPort: "), "{message}");
    assert!(message.ends_with("; and 968 more"), "{message}");
    assert_eq!(message.matches("; ").count(), 32);
}

/// What is wrong with an address that leads nowhere, or that Kubernetes refuses in host aliases.
const MAPPED: &str = "write an IPv4-mapped or IPv4-compatible address as IPv4";
const UNSPECIFIED: &str = "an unspecified address leads nowhere";
const ZERO: &str = "an address in 0.0.0.0/8 leads nowhere";
const LOOPBACK: &str = "a loopback address leads to the pod itself";
const MULTICAST: &str = "a multicast address leads to no API server";
const BROADCAST: &str = "the broadcast address leads to no API server";
const LINK_LOCAL: &str = "a link-local address leads to the node's own network";

#[rstest]
#[case::mapped("::ffff:10.0.0.1", MAPPED)]
#[case::compatible("::10.0.0.1", MAPPED)]
#[case::unspecified("0.0.0.0", UNSPECIFIED)]
#[case::unspecified_v6("::", UNSPECIFIED)]
#[case::zero("0.0.0.1", ZERO)]
#[case::loopback("127.0.0.1", LOOPBACK)]
#[case::loopback_of_another_host("127.8.9.10", LOOPBACK)]
#[case::loopback_v6("::1", LOOPBACK)]
#[case::multicast("224.0.0.1", MULTICAST)]
#[case::multicast_v6("ff02::1", MULTICAST)]
#[case::broadcast("255.255.255.255", BROADCAST)]
#[case::link_local("169.254.1.1", LINK_LOCAL)]
#[case::link_local_v6("fe80::1", LINK_LOCAL)]
fn addresses_that_lead_nowhere_are_no_settings(#[case] address: &str, #[case] message: &str) {
    let addresses = format!("homeApiServerAddresses[1]: expected an IP address, found \"{address}\": {message}");
    assert_eq!(problem(&json!({"homeApiServerAddresses": ["10.0.0.1", address]})), Some(addresses));
    let host = format!("homeApiServerHost: {HOST} \"{address}\": {message}");
    assert_eq!(problem(&json!({"homeApiServerHost": address})), Some(host));
}

#[rstest]
#[case::localhost(json!({"homeApiServerHost": "localhost"}), r#"homeApiServerHost: expected a DNS name or an IP address, found "localhost": it leads to the pod itself"#)]
#[case::below_localhost(json!({"homeApiServerHost": "api.localhost"}), r#"homeApiServerHost: expected a DNS name or an IP address, found "api.localhost": it leads to the pod itself"#)]
#[case::audience(json!({"keptTokenAudiences": ["vault", "https://kubernetes.default.svc.cluster.local"]}), r#"keptTokenAudiences[1]: expected an audience other than the API server's, found "https://kubernetes.default.svc.cluster.local""#)]
#[case::domain_is_an_address(json!({"clusterDomain": "10.0.0.1"}), r#"clusterDomain: expected a DNS name of at most 230 characters, found "10.0.0.1""#)]
#[case::domain_with_a_dot(json!({"clusterDomain": "cluster.local."}), r#"clusterDomain: expected a DNS name of at most 230 characters, found "cluster.local.": leave the last dot out"#)]
#[case::long_domain(json!({"clusterDomain": format!("{0}.{0}.{0}.{0}", "a".repeat(60))}), &format!(r#"clusterDomain: expected a DNS name of at most 230 characters, found "{}.aa…""#, "a".repeat(60)))]
#[case::domain_of_an_entry(json!({"homeClusters": {"milan": {"clusterDomain": ""}}}), r#"homeClusters.milan.clusterDomain: expected a DNS name of at most 230 characters, found "": it is empty"#)]
#[case::container(json!({"foreignContainers": ["istio-proxy", "Istio"]}), r#"foreignContainers[1]: expected the name of a container (a DNS-1123 label), found "Istio""#)]
#[case::containers_of_an_entry(json!({"homeClusters": {"milan": {"foreignContainers": []}}}), r#"homeClusters.milan: "foreignContainers": no such setting; known are homeApiServerHost, homeApiServerPort, homeApiServerAddresses, clusterDomain, homeCredentialsSecret, defaultMode, allowedModes, allowedRemoteServiceAccounts"#)]
fn settings_that_cannot_work_are_errors(#[case] settings: Value, #[case] message: &str) {
    assert_eq!(problem(&settings).as_deref(), Some(message));
}
