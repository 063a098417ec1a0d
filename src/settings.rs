//! The policy's settings: read, checked, and from then on known to be right.
//!
//! Each problem names its key, and all of them are reported at once. The table in README.md documents the keys.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::access_mode::AccessMode;
use crate::json::{Shape, Value};
use crate::names::{is_cluster_id, is_dns1123_subdomain};
use crate::wording::{closest, cut, quoted};

/// Checked settings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) home_api_server_host: Option<Host>,
    pub(crate) home_api_server_port: Option<u16>,
    pub(crate) home_api_server_addresses: Vec<IpAddr>,
    pub(crate) home_cluster_id: Option<String>,
    pub(crate) home_credentials_secret: Option<String>,
    pub(crate) default_mode: AccessMode,
    pub(crate) allowed_modes: Vec<AccessMode>,
    pub(crate) allowed_remote_service_accounts: Option<Vec<String>>,
    pub(crate) validate_only: bool,
}

/// The host of an API server: a DNS name or an IP address, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    text: String,
    is_address: bool,
}

impl Host {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_dns_name(&self) -> bool {
        !self.is_address
    }

    /// Reads a host; the error says what is wrong with it.
    pub(crate) fn parse(host: &str) -> Result<Self, &'static str> {
        match problem_of_name(host) {
            Some(problem) if host.parse::<IpAddr>().is_err() => Err(problem),
            problem => Ok(Self { text: host.to_owned(), is_address: problem.is_some() }),
        }
    }
}

/// What keeps a host from being a DNS name as certificates have them: in lower case, and not to be taken for an IPv4
/// address.
fn problem_of_name(host: &str) -> Option<&'static str> {
    let problem = if is_dns1123_subdomain(host) {
        if host.split('.').any(|label| label.len() > 63) {
            "a label is longer than 63 characters"
        } else if host.bytes().rev().take_while(|byte| *byte != b'.').all(|byte| byte.is_ascii_digit()) {
            "the last label is all digits, and that is no IPv4 address"
        } else {
            return None;
        }
    } else if host.is_empty() {
        "it is empty"
    } else if host.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//")) {
        "leave the scheme out"
    } else if host.starts_with('[') {
        "leave the brackets out"
    } else if host.contains('/') {
        "leave the path out"
    } else if host.matches(':').count() > 1 && !host.contains('%') {
        "that is no IPv6 address"
    } else if host.contains('%') {
        "leave the zone out"
    } else if host.contains(':') {
        "leave the port out, it is set in homeApiServerPort"
    } else if !host.is_ascii() {
        "write it in its ASCII form (punycode)"
    } else if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        "write it in lower case"
    } else if host.ends_with('.') {
        "leave the last dot out"
    } else if host.len() > 253 {
        "it is longer than 253 characters"
    } else {
        "labels hold letters, digits and inner hyphens only"
    };
    Some(problem)
}

/// The keys, in the order of the documentation, each with the flag of Liqo's virtual kubelet that sets the same.
/// Source of the flags: `cmd/virtual-kubelet/root/flag.go` in Liqo.
const KEYS: [(&str, Option<&str>); 9] = [
    ("homeApiServerHost", Some("home-api-server-host")),
    ("homeApiServerPort", Some("home-api-server-port")),
    ("homeApiServerAddresses", None),
    ("homeClusterId", Some("home-cluster-id")),
    ("homeCredentialsSecret", None),
    ("defaultMode", None),
    ("allowedModes", None),
    ("allowedRemoteServiceAccounts", None),
    ("validateOnly", None),
];

impl Settings {
    /// Reads the JSON of settings. The error holds every problem, separated by `; `.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match Value::parse(text, &Shape::Object) {
            Ok(mut value) => Self::from_value(Some(&mut value)),
            Err(malformed) => {
                Err(format!("they are not JSON: expected {} at byte {}", malformed.expected, malformed.at))
            }
        }
    }

    /// As [`Settings::parse`], for settings that are part of a request. Absent and null settings are the defaults.
    pub(crate) fn from_value(value: Option<&mut Value>) -> Result<Self, String> {
        let mut given = Given::read(value)?;
        let mut settings = Self {
            home_api_server_host: given.take("homeApiServerHost", host),
            home_api_server_port: given.take("homeApiServerPort", port),
            home_api_server_addresses: given.take_list("homeApiServerAddresses", address).unwrap_or_default(),
            home_cluster_id: given.take("homeClusterId", cluster_id),
            home_credentials_secret: given.take("homeCredentialsSecret", object_name),
            default_mode: AccessMode::Home,
            allowed_modes: AccessMode::ALL.to_vec(),
            allowed_remote_service_accounts: given.take_list("allowedRemoteServiceAccounts", object_name),
            validate_only: given.take("validateOnly", boolean).unwrap_or(false),
        };
        settings.take_modes(&mut given);
        let problems = given.problems;
        if problems.is_empty() { Ok(settings) } else { Err(problems.join("; ")) }
    }

    fn take_modes(&mut self, given: &mut Given) {
        let problems = given.problems.len();
        let default_mode = given.take("defaultMode", mode);
        self.default_mode = default_mode.unwrap_or(self.default_mode);
        let problems_before_list = given.problems.len();
        if let Some(modes) = given.take_list("allowedModes", mode) {
            if modes.is_empty() && given.problems.len() == problems_before_list {
                given.problems.push("allowedModes: expected at least one mode, found none".to_owned());
            }
            self.allowed_modes = AccessMode::ALL.into_iter().filter(|mode| modes.contains(mode)).collect();
        }
        if given.problems.len() == problems && !self.allowed_modes.contains(&self.default_mode) {
            let unset = if default_mode.is_none() { " (the default)" } else { "" };
            let mode = self.default_mode;
            given.problems.push(format!("defaultMode: \"{mode}\"{unset} is not one of allowedModes"));
        }
    }
}

/// The settings as they were given: each value under the key it stands for, and the problems found so far.
struct Given<'v, 'a> {
    values: [Option<(Cow<'v, str>, &'v mut Value<'a>)>; KEYS.len()],
    problems: Vec<String>,
}

impl<'v, 'a> Given<'v, 'a> {
    fn read(value: Option<&'v mut Value<'a>>) -> Result<Self, String> {
        let mut given = Self { values: [const { None }; KEYS.len()], problems: Vec::new() };
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Ok(given);
        };
        let object = value.as_object_mut().map_err(|found| format!("expected an object, found {found}"))?;
        for (name, value) in object.iter_mut() {
            // Nearly all names are the documented ones, and the others take longer to recognise.
            let key = KEYS.iter().position(|(key, _)| name == *key);
            let Some(key) = key.or_else(|| KEYS.iter().position(|key| is_alias_of(&name, *key))) else {
                given.problems.push(unknown_key(&name));
                continue;
            };
            if value.is_null() {
                continue;
            }
            match &given.values[key] {
                Some((other, _)) => {
                    given.problems.push(format!("{name}: the same setting as {other}, expected one of them"))
                }
                None => given.values[key] = Some((name, value)),
            }
        }
        Ok(given)
    }

    /// The value of a key; `None` when it is unset, and when it has a problem, which is then on the list.
    fn take<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<T> {
        let (name, value) = self.value(key)?;
        read(value).map_err(|problem| self.report(format_args!("{name}: {problem}"))).ok()
    }

    /// As [`Given::take`], for a list; each item's problem is reported.
    fn take_list<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<Vec<T>> {
        let (name, value) = self.value(key)?;
        let items = match value.as_array_mut() {
            Ok(items) => items,
            Err(found) => {
                self.report(format_args!("{name}: expected a list, found {found}"));
                return None;
            }
        };
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match read(item) {
                Ok(item) => list.push(item),
                Err(problem) => self.report(format_args!("{name}[{index}]: {problem}")),
            }
        }
        Some(list)
    }

    #[cold]
    fn report(&mut self, problem: fmt::Arguments) {
        self.problems.push(problem.to_string());
    }

    fn value(&mut self, key: &str) -> Option<(Cow<'v, str>, &'v mut Value<'a>)> {
        let index = KEYS.iter().position(|(known, _)| *known == key)?;
        self.values[index].take()
    }
}

/// Whether `name` is the snake_case form of a key, or the virtual kubelet's flag for it.
fn is_alias_of(name: &str, (key, flag): (&str, Option<&str>)) -> bool {
    Some(name) == flag || is_snake_case_of(name, key)
}

fn is_snake_case_of(name: &str, key: &str) -> bool {
    let snake = key.chars().flat_map(|character| {
        let underscore = character.is_ascii_uppercase().then_some('_');
        underscore.into_iter().chain([character.to_ascii_lowercase()])
    });
    name.chars().eq(snake)
}

#[cold]
fn unknown_key(name: &str) -> String {
    let keys = KEYS.map(|(key, _)| key);
    let likely = closest(&name.replace(['_', '-'], ""), &keys);
    let question = likely.map(|key| format!(" (did you mean {key}?)")).unwrap_or_default();
    format!("{}: no such setting{question}; known are {}", quoted(name), keys.join(", "))
}

fn string<'a>(value: &Value<'a>, expected: &str) -> Result<Cow<'a, str>, String> {
    value.as_str().map_err(|found| format!("expected {expected}, found {found}"))
}

fn host(value: &Value) -> Result<Host, String> {
    let host = string(value, "a DNS name or an IP address")?;
    Host::parse(&host)
        .map_err(|problem| format!("expected a DNS name or an IP address, found {}: {problem}", quoted(&host)))
}

fn port(value: &Value) -> Result<u16, String> {
    const EXPECTED: &str = "a number from 1 to 65535";
    // The text of a JSON number and the content of a numeric string read alike.
    let (shown, digits) = match (value.as_str(), value.text()) {
        (Ok(text), _) => (quoted(&text), text),
        (Err(_), Some(text)) if value.kind() == "a number" => (cut(text, 24), Cow::Borrowed(text)),
        _ => return Err(format!("expected {EXPECTED}, found {}", value.kind())),
    };
    port_number(&digits).ok_or_else(|| format!("expected {EXPECTED}, found {shown}"))
}

/// A port in its usual form: digits only, no leading zero.
pub(crate) fn port_number(digits: &str) -> Option<u16> {
    let usual = digits.starts_with(|first: char| first.is_ascii_digit() && first != '0');
    digits.parse().ok().filter(|_| usual)
}

fn address(value: &Value) -> Result<IpAddr, String> {
    let address = string(value, "an IP address")?;
    address.parse().map_err(|_| format!("expected an IP address, found {}", quoted(&address)))
}

fn cluster_id(value: &Value) -> Result<String, String> {
    const EXPECTED: &str = "the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens)";
    let id = string(value, EXPECTED)?;
    if is_cluster_id(&id) { Ok(id.into_owned()) } else { Err(format!("expected {EXPECTED}, found {}", quoted(&id))) }
}

fn object_name(value: &Value) -> Result<String, String> {
    const EXPECTED: &str = "a name (a DNS-1123 subdomain of at most 253 characters)";
    let name = string(value, EXPECTED)?;
    if is_dns1123_subdomain(&name) {
        Ok(name.into_owned())
    } else {
        Err(format!("expected {EXPECTED}, found {}", quoted(&name)))
    }
}

fn mode(value: &Value) -> Result<AccessMode, String> {
    const EXPECTED: &str = "\"home\", \"remote\" or \"disabled\"";
    let name = string(value, EXPECTED)?;
    AccessMode::from_name(&name).ok_or_else(|| {
        let likely = closest(&name, &AccessMode::ALL.map(AccessMode::as_str));
        let question = likely.map(|mode| format!(" (did you mean \"{mode}\"?)")).unwrap_or_default();
        format!("expected {EXPECTED}, found {}{question}", quoted(&name))
    })
}

fn boolean(value: &Value) -> Result<bool, String> {
    match value.text() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(format!("expected true or false, found {}", value.kind())),
    }
}
