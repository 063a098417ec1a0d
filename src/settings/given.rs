//! Settings as they were given: each value under the key that it stands for, and the problems found so far.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::pod::fields::kind;
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

/// How many problems are reported one by one.
const MAX_REPORTED: usize = 32;

/// The problems of settings.
#[derive(Debug, Default)]
pub(super) struct Problems {
    reported: Vec<String>,
    count: usize,
}

impl Problems {
    pub(super) fn add(&mut self, problem: fmt::Arguments) {
        self.count += 1;
        if self.reported.len() < MAX_REPORTED {
            self.reported.push(problem.to_string());
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
    /// The entry of `homeClusters`.
    entry: Option<&'p str>,
    /// For each of [`KEYS`] the name that was used and the value.
    values: [Option<(String, &'a RawValue)>; KEYS.len()],
    problems: &'p mut Problems,
}

impl<'a, 'p> Given<'a, 'p> {
    pub(super) fn read(text: Option<&'a RawValue>, entry: Option<&'p str>, problems: &'p mut Problems) -> Self {
        let mut given = Self { entry, values: [const { None }; KEYS.len()], problems };
        match text.filter(|text| !is_null(text)).map(members) {
            None => {}
            Some(Ok(members)) => given.take_members(members),
            Some(Err(problem)) => match entry {
                None => given.problems.add(format_args!("{problem}")),
                Some(id) => given.problems.add(format_args!("homeClusters.{id}: {problem}")),
            },
        }
        given
    }

    fn take_members(&mut self, members: Members<'a>) {
        let is_entry = self.entry.is_some();
        let is_known = |key: &Key| key.is_per_cluster || !is_entry;
        for (name, value) in members {
            // Nearly all names are the documented ones, and the others take longer to recognise.
            let position = KEYS.iter().position(|key| is_known(key) && key.name == name);
            let position = position.or_else(|| KEYS.iter().position(|key| is_known(key) && key.is_also(&name)));
            let Some(position) = position else {
                let keys: Vec<_> = KEYS.iter().filter(|key| is_known(key)).map(|key| key.name).collect();
                let likely = closest(&name.replace(['_', '-'], ""), &keys);
                let question = likely.map(|key| format!(" (did you mean {key}?)")).unwrap_or_default();
                let keys = keys.join(", ");
                let place = self.entry.map(|id| format!("homeClusters.{id}: ")).unwrap_or_default();
                self.report(format_args!("{place}{}: no such setting{question}; known are {keys}", quoted(&name)));
                continue;
            };
            if is_null(value) {
                continue;
            }
            match &self.values[position] {
                Some((other, _)) => {
                    let problem = format!("the same setting as {other}, expected one of them");
                    self.report_at(&name, format_args!("{problem}"));
                }
                None => self.values[position] = Some((name, value)),
            }
        }
    }

    /// The value of a key; `None` if it is unset, and if it has a problem, which is then on the list.
    pub(super) fn take<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<T> {
        let (name, text) = self.text(key)?;
        opened(text)
            .and_then(|value| read(&value))
            .map_err(|problem| self.report_at(&name, format_args!("{problem}")))
            .ok()
    }

    /// As [`Given::take`], for a list; each item's problem is reported.
    pub(super) fn take_list<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<Vec<T>> {
        let (name, text) = self.text(key)?;
        let items = match opened(text) {
            Ok(Value::Array(items)) => items,
            Ok(other) => {
                self.report_at(&name, format_args!("expected a list, found {}", kind(&other)));
                return None;
            }
            Err(problem) => {
                self.report_at(&name, format_args!("{problem}"));
                return None;
            }
        };
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match read(item) {
                Ok(item) => list.push(item),
                Err(problem) => self.report_at(&format!("{name}[{index}]"), format_args!("{problem}")),
            }
        }
        Some(list)
    }

    /// As [`Given::take`], for an object whose members stay closed.
    pub(super) fn take_members_of(&mut self, key: &str) -> Option<Members<'a>> {
        let (name, text) = self.text(key)?;
        members(text).map_err(|problem| self.report_at(&name, format_args!("{problem}"))).ok()
    }

    pub(super) fn problem_count(&self) -> usize {
        self.problems.count
    }

    pub(super) fn report(&mut self, problem: fmt::Arguments) {
        self.problems.add(problem);
    }

    /// Reports a problem of the value of this name.
    pub(super) fn report_at(&mut self, name: &str, problem: fmt::Arguments) {
        match self.entry {
            None => self.problems.add(format_args!("{name}: {problem}")),
            Some(id) => self.problems.add(format_args!("homeClusters.{id}.{name}: {problem}")),
        }
    }

    /// The source of a value that is not given, for messages.
    pub(super) fn inherited(&self) -> &'static str {
        if self.entry.is_some() { " (inherited)" } else { " (the default)" }
    }

    fn text(&mut self, key: &str) -> Option<(String, &'a RawValue)> {
        let index = KEYS.iter().position(|known| known.name == key)?;
        self.values[index].take()
    }
}

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
        opened(text).map_or_else(|error| error, |other| format!("expected an object, found {}", kind(&other)))
    })
}
