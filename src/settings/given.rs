//! Settings as they were given: each value under the key that it stands for, and the problems found so far.

use std::fmt;

use crate::json::{Object, Value};
use crate::wording::{closest, quoted};

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
const KEYS: [Key; 15] = {
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
        of_policy("homeClusterId", Some("home-cluster-id")),
        of_policy("homeClusters", None),
        of_cluster("homeCredentialsSecret", None),
        of_cluster("defaultMode", None),
        of_cluster("allowedModes", None),
        of_cluster("allowedRemoteServiceAccounts", None),
        of_policy("keptTokenAudiences", None),
        of_policy("originLabel", None),
        of_policy("namespaceLookup", None),
        of_policy("strict", None),
        of_policy("validateOnly", None),
        of_policy("verifyOnly", None),
    ]
};

/// How many problems are told one by one.
const TOLD: usize = 32;

/// The problems of settings.
#[derive(Debug, Default)]
pub(super) struct Problems {
    told: Vec<String>,
    count: usize,
}

impl Problems {
    pub(super) fn add(&mut self, problem: fmt::Arguments) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(problem.to_string());
        }
    }

    /// The problems as one text, when there is one.
    pub(super) fn into_result(mut self) -> Result<(), String> {
        match self.count - self.told.len() {
            0 if self.told.is_empty() => return Ok(()),
            0 => {}
            more => self.told.push(format!("and {more} more")),
        }
        Err(self.told.join("; "))
    }
}

/// The settings of the policy, or those of one entry of `homeClusters`.
pub(super) struct Given<'v, 'a, 'p> {
    /// The entry of `homeClusters`.
    entry: Option<&'p str>,
    /// For each of [`KEYS`] the name that was used and the value.
    values: [Option<(&'v str, &'v Value<'a>)>; KEYS.len()],
    problems: &'p mut Problems,
}

impl<'v, 'a, 'p> Given<'v, 'a, 'p> {
    pub(super) fn read(value: Option<&'v Value<'a>>, entry: Option<&'p str>, problems: &'p mut Problems) -> Self {
        let mut given = Self { entry, values: [None; KEYS.len()], problems };
        let Some(value) = value.filter(|value| !value.is_null()) else { return given };
        match value.as_object() {
            Ok(object) => given.take_members(object),
            Err(found) => match entry {
                None => given.problems.add(format_args!("expected an object, found {found}")),
                Some(id) => given.problems.add(format_args!("homeClusters.{id}: expected an object, found {found}")),
            },
        }
        given
    }

    fn take_members(&mut self, object: &'v Object<'a>) {
        let is_entry = self.entry.is_some();
        let is_known = |key: &Key| key.is_per_cluster || !is_entry;
        for (name, value) in object.iter() {
            // Nearly all names are the documented ones, and the others take longer to recognise.
            let position = KEYS.iter().position(|key| is_known(key) && key.name == name);
            let position = position.or_else(|| KEYS.iter().position(|key| is_known(key) && key.is_also(name)));
            let Some(position) = position else {
                let keys: Vec<_> = KEYS.iter().filter(|key| is_known(key)).map(|key| key.name).collect();
                let likely = closest(&name.replace(['_', '-'], ""), &keys);
                let question = likely.map(|key| format!(" (did you mean {key}?)")).unwrap_or_default();
                let keys = keys.join(", ");
                let place = self.entry.map(|id| format!("homeClusters.{id}: ")).unwrap_or_default();
                self.report(format_args!("{place}{}: no such setting{question}; known are {keys}", quoted(name)));
                continue;
            };
            if value.is_null() {
                continue;
            }
            match self.values[position] {
                // Where a name stands twice in a JSON object the last one counts.
                Some((other, _)) if other != name => {
                    self.report_at(name, format_args!("the same setting as {other}, expected one of them"));
                }
                _ => self.values[position] = Some((name, value)),
            }
        }
    }

    /// The value of a key; `None` when it is unset, and when it has a problem, which is then on the list.
    pub(super) fn take<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<T> {
        let (name, value) = self.value(key)?;
        read(value).map_err(|problem| self.report_at(name, format_args!("{problem}"))).ok()
    }

    /// As [`Given::take`], for a list; each item's problem is reported.
    pub(super) fn take_list<T>(&mut self, key: &str, read: fn(&Value) -> Result<T, String>) -> Option<Vec<T>> {
        let (name, value) = self.value(key)?;
        let items = match value.as_list() {
            Ok(items) => items,
            Err(found) => {
                self.report_at(name, format_args!("expected a list, found {found}"));
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

    /// As [`Given::take`], for an object.
    pub(super) fn take_object(&mut self, key: &str) -> Option<&'v Object<'a>> {
        let (name, value) = self.value(key)?;
        value.as_object().map_err(|found| self.report_at(name, format_args!("expected an object, found {found}"))).ok()
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

    /// Where a value that is not given comes from, as a message says it.
    pub(super) fn inherited(&self) -> &'static str {
        if self.entry.is_some() { " (inherited)" } else { " (the default)" }
    }

    fn value(&mut self, key: &str) -> Option<(&'v str, &'v Value<'a>)> {
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
