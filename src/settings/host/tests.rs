use super::Host;

#[test]
fn hosts() {
    let longest_label = "a".repeat(63);
    let longest_name = format!("{0}.{0}.{0}.{1}", longest_label, "a".repeat(61));
    for name in
        ["h", "api.home-1.example.org", "1.2.3.4.example", "xn--mnchen-3ya.example", &longest_label, &longest_name]
    {
        assert!(Host::parse(name).is_ok_and(|host| host.is_dns_name() && host.as_str() == name), "{name}");
    }
    for address in ["192.0.2.1", "10.0.0.0", "2001:DB8::1", "fd00:80::5"] {
        assert!(Host::parse(address).is_ok_and(|host| !host.is_dns_name() && host.as_str() == address), "{address}");
    }
}

#[test]
fn what_is_wrong_with_a_host() {
    let (label, name, other) = ("a".repeat(64), ["a".repeat(63).as_str(); 4].join("."), "a_".repeat(126) + "a");
    let labels = "labels hold letters, digits and inner hyphens only";
    let digits = "the last label is all digits, and that is no IPv4 address";
    let pod = "it leads to the pod itself";
    for (host, problem) in [
        ("", "it is empty"),
        ("https://h", "leave the scheme out"),
        ("[fd00::1]", "leave the brackets out"),
        ("[fd00::1]:443", "leave the brackets out"),
        ("h:443", "leave the port out, it is set in homeApiServerPort"),
        ("h/api", "leave the path out"),
        ("h:443/api", "leave the path out"),
        ("münchen.example", "write it in its ASCII form (punycode)"),
        ("Api.example", "write it in lower case"),
        ("h.example.", "leave the last dot out"),
        (&format!("{label}.example"), "a label is longer than 63 characters"),
        (&name, "it is longer than 253 characters"),
        (&other, labels),
        ("a_b", labels),
        (" h", labels),
        ("-h.example", labels),
        ("a..b", labels),
        ("*.example", labels),
        ("010.0.0.1", digits),
        ("10.0.1", digits),
        ("1", digits),
        ("fe80::1%eth0", "leave the zone out"),
        ("2001:db8::g", "that is no IPv6 address"),
        ("localhost", pod),
        ("api.localhost", pod),
    ] {
        assert_eq!(Host::parse(host), Err(problem), "{host}");
    }
}

#[test]
fn what_is_wrong_with_an_address() {
    let node = "a link-local address leads to the node's own network";
    let mapped = "write an IPv4-mapped or IPv4-compatible address as IPv4";
    for (address, problem) in [
        ("0.0.0.0", "an unspecified address leads nowhere"),
        ("::", "an unspecified address leads nowhere"),
        ("0.1.2.3", "an address in 0.0.0.0/8 leads nowhere"),
        ("127.0.0.1", "a loopback address leads to the pod itself"),
        ("::1", "a loopback address leads to the pod itself"),
        ("224.0.0.1", "a multicast address leads to no API server"),
        ("ff02::1", "a multicast address leads to no API server"),
        ("255.255.255.255", "the broadcast address leads to no API server"),
        ("169.254.169.254", node),
        ("fe80::1", node),
        ("::ffff:10.0.0.1", mapped),
        ("::10.0.0.1", mapped),
    ] {
        assert_eq!(Host::parse(address), Err(problem), "{address}");
    }
}
