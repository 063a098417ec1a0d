//! The policy's settings: read, checked, and from then on known to be right.
//!
//! Each problem names its key, and all of them are reported at once. The table in README.md documents the keys.
//! [`Settings`] hold what is one for the whole policy, a [`HomeCluster`] what each home cluster may have for itself. An
//! evaluation reads one entry of `homeClusters`; all of them are checked when the settings are validated.

mod given;
mod host;
mod values;

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::value::RawValue;

use crate::liqo;
use crate::mode::AccessMode;
use crate::names::is_cluster_id;
use crate::rejection::{Rejection, Result};
use given::{Given, Members, Problems};
use values::{
    address, audience, boolean, cluster_domain, cluster_id, container_name, host, label_key, mode, object_name, port,
};

pub(crate) use host::Host;
pub(crate) use values::port_number;

/// Checked settings.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) home_cluster_id: Option<String>,
    pub(crate) kept_token_audiences: Vec<String>,
    pub(crate) foreign_containers: Vec<String>,
    pub(crate) origin_label: Cow<'static, str>,
    pub(crate) namespace_lookup: bool,
    pub(crate) strict: bool,
    pub(crate) action: Action,
    /// The settings of the home cluster at the top level, or the defaults of each one if there are several.
    pub(crate) top_level: HomeCluster,
    /// The entries of `homeClusters`, not read yet.
    home_clusters: Option<Members<'a>>,
}

/// What the policy does with what it has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It changes the pod.
    Mutate,
    /// `validateOnly`: it changes nothing.
    Validate,
    /// `verifyOnly`: it changes nothing, and rejects a pod that would have to be changed.
    Verify,
}

/// The settings that each home cluster may have for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HomeCluster {
    pub(crate) api_server_host: Option<Host>,
    pub(crate) api_server_port: Option<u16>,
    pub(crate) api_server_addresses: Vec<IpAddr>,
    pub(crate) cluster_domain: Option<String>,
    pub(crate) credentials_secret: Option<String>,
    pub(crate) default_mode: AccessMode,
    pub(crate) allowed_modes: Vec<AccessMode>,
    pub(crate) allowed_remote_service_accounts: Option<Vec<String>>,
}

impl Default for HomeCluster {
    fn default() -> Self {
        Self {
            api_server_host: None,
            api_server_port: None,
            api_server_addresses: Vec::new(),
            cluster_domain: None,
            credentials_secret: None,
            default_mode: AccessMode::Home,
            allowed_modes: AccessMode::ALL.to_vec(),
            allowed_remote_service_accounts: None,
        }
    }
}

/// Checks the JSON of settings, with every entry of `homeClusters`.
///
/// # Errors
///
/// The text holds every problem, separated by `; `.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let text = serde_json::from_str(text).map_err(|error| format!("they are not JSON: {error}"))?;
    let mut problems = Problems::default();
    let settings = Settings::read(Some(text), &mut problems);
    for (id, entry) in settings.home_clusters.iter().flatten() {
        if !is_cluster_id(id) {
            problems.add(format!("homeClusters: {}", values::not_a_cluster_id(id)));
            continue;
        }
        settings.top_level.read_entry(id, entry, &mut problems);
    }
    problems.into_result()
}

impl<'a> Settings<'a> {
    /// Reads the settings of a request. Absent and null settings are the defaults. Entries of `homeClusters` are not
    /// read: [`Settings::home_cluster`] reads the one that is asked for.
    ///
    /// # Errors
    ///
    /// A rejection that holds every problem.
    pub(crate) fn of_request(text: Option<&'a RawValue>) -> Result<Self> {
        let mut problems = Problems::default();
        let settings = Self::read(text, &mut problems);
        problems.into_result().map_err(Rejection::settings)?;
        Ok(settings)
    }

    fn read(text: Option<&'a RawValue>, problems: &mut Problems) -> Self {
        let mut given = Given::read(text, None, problems);
        let top_level = HomeCluster::default().overridden(&mut given);
        let home_cluster_id = given.take("homeClusterId", cluster_id);
        let home_clusters = given.take_members_of("homeClusters");
        let validate_only = given.take("validateOnly", boolean).unwrap_or(false);
        let verify_only = given.take("verifyOnly", boolean).unwrap_or(false);
        let settings = Self {
            kept_token_audiences: given.take_list("keptTokenAudiences", audience).unwrap_or_default(),
            foreign_containers: given.take_list("foreignContainers", container_name).unwrap_or_default(),
            origin_label: given.take("originLabel", label_key).map_or(Cow::Borrowed(liqo::ORIGIN), Cow::Owned),
            namespace_lookup: given.take("namespaceLookup", boolean).unwrap_or(false),
            strict: given.take("strict", boolean).unwrap_or(false),
            action: match (validate_only, verify_only) {
                (_, true) => Action::Verify,
                (true, false) => Action::Validate,
                (false, false) => Action::Mutate,
            },
            home_cluster_id,
            top_level,
            home_clusters,
        };
        if settings.home_cluster_id.is_some() && settings.home_clusters.is_some() {
            given.report("homeClusterId", "beside homeClusters, expected one of them");
        }
        if settings.home_clusters.as_ref().is_some_and(Members::is_empty) {
            given.report("homeClusters", "expected at least one home cluster, found none");
        }
        if validate_only && verify_only {
            given.report("verifyOnly", "beside validateOnly, expected one of them");
        }
        settings
    }

    /// The settings of the home cluster that a pod comes from.
    ///
    /// # Errors
    ///
    /// There are `homeClusters`, and the origin is unknown, is none of them, or its entry has problems.
    pub(crate) fn home_cluster(&self, origin: Option<&str>) -> Result<Cow<'_, HomeCluster>> {
        let Some(entries) = &self.home_clusters else { return Ok(Cow::Borrowed(&self.top_level)) };
        let known = entries.len();
        let Some(origin) = origin else {
            return Err(match self.namespace_lookup {
                true => Rejection::NamespaceWithoutOrigin { known },
                false => Rejection::OriginUnknown { known },
            }
            .into());
        };
        let Some(entry) = entries.get(origin) else {
            return Err(Rejection::OriginWithoutEntry { origin: origin.to_owned(), known }.into());
        };
        let mut problems = Problems::default();
        let home_cluster = self.top_level.read_entry(origin, entry, &mut problems);
        problems.into_result().map_err(Rejection::settings)?;
        Ok(Cow::Owned(home_cluster))
    }
}

impl HomeCluster {
    /// An entry of `homeClusters`: these settings, overridden by the entry.
    fn read_entry(&self, id: &str, entry: &RawValue, problems: &mut Problems) -> Self {
        self.clone().overridden(&mut Given::read(Some(entry), Some(id), problems))
    }

    /// These settings, overridden by what is given.
    fn overridden(mut self, given: &mut Given) -> Self {
        self.api_server_host = given.take("homeApiServerHost", host).or(self.api_server_host);
        self.api_server_port = given.take("homeApiServerPort", port).or(self.api_server_port);
        let addresses = given.take_list("homeApiServerAddresses", address);
        self.api_server_addresses = addresses.unwrap_or(self.api_server_addresses);
        self.cluster_domain = given.take("clusterDomain", cluster_domain).or(self.cluster_domain);
        self.credentials_secret = given.take("homeCredentialsSecret", object_name).or(self.credentials_secret);
        let accounts = given.take_list("allowedRemoteServiceAccounts", object_name);
        self.allowed_remote_service_accounts = accounts.or(self.allowed_remote_service_accounts);
        self.override_modes(given);
        self
    }

    fn override_modes(&mut self, given: &mut Given) {
        let problems = given.problem_count();
        let default_mode = given.take("defaultMode", mode);
        let problems_before_list = given.problem_count();
        if let Some(modes) = given.take_list("allowedModes", mode) {
            if modes.is_empty() && given.problem_count() == problems_before_list {
                given.report("allowedModes", "expected at least one mode, found none");
            }
            self.allowed_modes = AccessMode::ALL.into_iter().filter(|mode| modes.contains(mode)).collect();
        }
        self.default_mode = default_mode.unwrap_or(self.default_mode);
        if given.problem_count() == problems && !self.allowed_modes.contains(&self.default_mode) {
            let unset = if default_mode.is_none() { given.inherited() } else { "" };
            let mode = self.default_mode;
            given.report("defaultMode", &format!("\"{mode}\"{unset} is not one of allowedModes"));
        }
    }
}
