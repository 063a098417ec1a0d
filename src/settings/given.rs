//! Settings as they were given: each value under the key that it stands for, and the problems found so far.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::pod::json_type;
use crate::wording::{closest, quoted};

/// The members of a JSON object, each not opened yet. Of two members with one name the last one counts.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A setting.
struct Key {
    name: &'static str,
    /// The flag of Liqo's virtual kubelet that sets the same.
    flag: Option<&'static str>,
    /// Whether an entry of `homeClusters` may have it.
    is_per_cluster: bool,
}

/// The keys, in the order of the documentation.
/// Source of the flags: `cmd/virtual-kubelet/root/flag.go` in Liqo.
const KEYS: [Key; 17] = {
    const fn of_cluster(name: &'static str, flag: Option<&'static str>) -> Key {
        Key { name, flag, is_per_cluster: true }
    }
    const fn of_policy(name: &'static str, flag: Option<&'static str>) -> Key {
        Key { name, flag, is_per_cluster: false }
    }
    [
        of_cluster("homeApiServerHost", Some("home-api-server-host")),
        of_cluster("homeApiServerPort", Some("home-api-server-port")),
        of_cluster("homeApiServerAddresses", None),
        of_cluster("clusterDomain", None),
        of_policy("homeClusterId", Some("home-cluster-id")),
        of_policy("homeClusters", None),
        of_cluster("homeCredentialsSecret", None),
        of_cluster("defaultMode", None),
        of_cluster("allowedModes", None),
        of_cluster("allowedRemoteServiceAccounts", None),
        of_policy("keptTokenAudiences", None),
        of_policy("foreignContainers", None),
        of_policy("originLabel", None),
        of_policy("namespaceLookup", None),
        of_policy("strict", None),
        of_policy("validateOnly", None),
        of_policy("verifyOnly", None),
    ]
};

impl Key {
    /// Whether `name` is the snake_case form of the key, or the virtual kubelet's flag for it.
    fn is_also(&self, name: &str) -> bool {
        let snake_case = self.name.chars().flat_map(|character| {
            let underscore = character.is_ascii_uppercase().then_some('_');
            underscore.into_iter().chain([character.to_ascii_lowercase()])
        });
        Some(name) == self.flag || name.chars().eq(snake_case)
    }
}

/// How many problems are reported one by one.
const MAX_REPORTED: usize = 32;

/// The problems of settings.
#[derive(Debug, Default)]
pub(super) struct Problems {
    reported: Vec<String>,
    count: usize,
}

impl Problems {
    pub(super) fn add(&mut self, problem: String) {
        self.count += 1;
        if self.reported.len() < MAX_REPORTED {
            self.reported.push(problem);
        }
    }

    /// The problems as one text, when there is one.
    pub(super) fn into_result(mut self) -> Result<(), String> {
        match self.count - self.reported.len() {
            0 if self.reported.is_empty() => return Ok(()),
            0 => {}
            more => self.reported.push(format!("and {more} more")),
        }
        Err(self.reported.join("; "))
    }
}

/// The settings of the policy, or those of one entry of `homeClusters`.
pub(super) struct Given<'a, 'p> {
    /// The path of the entry of `homeClusters`; empty for the policy's settings.
    entry: String,
    /// For each of [`KEYS`] the name that was used and the value.
    values: [Option<(String, &'a RawValue)>; KEYS.len()],
    /// Whether a problem lists the keys that are known. The first unknown one does.
    lists_keys: bool,
    problems: &'p mut Problems,
}

impl<'a, 'p> Given<'a, 'p> {
    pub(super) fn read(text: Option<&'a RawValue>, entry: Option<&str>, problems: &'p mut Problems) -> Self {
        let entry = entry.map(|id| format!("homeClusters.{id}")).unwrap_or_default();
        let mut given = Self { entry, values: [const { None }; KEYS.len()], lists_keys: false, problems };
        match text.filter(|text| !is_null(text)).map(members) {
            None => {}
            Some(Ok(members)) => members.into_iter().for_each(|(name, value)| given.give(name, value)),
            Some(Err(problem)) => given.report_whole(&problem),
        }
        given
    }

    fn give(&mut self, name: String, value: &'a RawValue) {
        let is_known = |key: &Key| key.is_per_cluster || self.entry.is_empty();
        // Nearly all names are the documented ones, and the others take longer to recognise.
        let position = KEYS.iter().position(|key| is_known(key) && key.name == name);
        let position = position.or_else(|| KEYS.iter().position(|key| is_known(key) && key.is_also(&name)));
        let Some(position) = position else {
            let keys: Vec<_> = KEYS.iter().filter(|key| is_known(key)).map(|key| key.name).collect();
            let likely = closest(&name.replace(['_', '-'], ""), &keys);
            let question = likely.map(|key| format!(" (did you mean {key}?)")).unwrap_or_default();
            let known = if self.lists_keys { String::new() } else { format!("; known are {}", keys.join(", ")) };
            self.lists_keys = true;
            return self.report_whole(&format!("{}: no such setting{question}{known}", quoted(&name)));
        };
        match &self.values[position] {
            _ if is_null(value) => {}
            Some((other, _)) => self.report(&name, &format!("the same setting as {other}, expected one of them")),
            None => self.values[position] = Some((name, value)),
        }
    }

    /// The value of a key; `None` if it is unset, and if it has a problem, which is then on the list.
    pub(super) fn take<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<T> {
        self.take_by(key, |_, text| read(&opened(text)?))
    }

    /// As [`Given::take`], for an object whose members stay closed.
    pub(super) fn take_members_of(&mut self, key: &str) -> Option<Members<'a>> {
        self.take_by(key, |_, text| members(text))
    }

    /// As [`Given::take`], for a list; each item's problem is reported.
    pub(super) fn take_list<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<Vec<T>> {
        let (name, items) = self.take_by(key, |name, text| match opened(text)? {
            Value::Array(items) => Ok((name.to_owned(), items)),
            other => Err(format!("expected a list, found {}", json_type(&other))),
        })?;
        let read =
            |(index, item)| read(item).map_err(|problem| self.report(&format!("{name}[{index}]"), &problem)).ok();
        Some(items.iter().enumerate().filter_map(read).collect())
    }

    fn take_by<T>(&mut self, key: &str, read: impl FnOnce(&str, &'a RawValue) -> Result<T, String>) -> Option<T> {
        let position = KEYS.iter().position(|known| known.name == key)?;
        let (name, text) = self.values[position].take()?;
        read(&name, text).map_err(|problem| self.report(&name, &problem)).ok()
    }

    pub(super) fn problem_count(&self) -> usize {
        self.problems.count
    }

    /// Reports a problem of the value of this name.
    pub(super) fn report(&mut self, name: &str, problem: &str) {
        let separator = if self.entry.is_empty() { "" } else { "." };
        self.problems.add(format!("{}{separator}{name}: {problem}", self.entry));
    }

    /// Reports a problem of the settings, or of the entry, as a whole.
    fn report_whole(&mut self, problem: &str) {
        let separator = if self.entry.is_empty() { "" } else { ": " };
        self.problems.add(format!("{}{separator}{problem}", self.entry));
    }

    /// The source of a value that is not given, for messages.
    pub(super) fn inherited(&self) -> &'static str {
        if self.entry.is_empty() { " (the default)" } else { " (inherited)" }
    }
}

fn is_null(text: &RawValue) -> bool {
    text.get() == "null"
}

fn opened(text: &RawValue) -> Result<Value, String> {
    serde_json::from_str(text.get()).map_err(|error| format!("it cannot be read: {error}"))
}

/// The members of the object that a text must be.
fn members(text: &RawValue) -> Result<Members<'_>, String> {
    // serde's own words for anything but an object would quote it.
    serde_json::from_str(text.get()).map_err(|_| {
        opened(text).map_or_else(|error| error, |other| format!("expected an object, found {}", json_type(&other)))
    })
}
