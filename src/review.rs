//! The review of a pod: its metadata, origin and settings, and the edits and warnings so far.
//!
//! Every rule that writes to the pod notes the path here. Without a note the answer has no object, and with `verifyOnly`
//! the first note is the reason for the rejection.

use crate::liqo;
use crate::names::{MAX_SUBDOMAIN, check_length};
use crate::origin::Origin;
use crate::pod::{Fields, Mounts, Path, Volumes};
use crate::rejection::{Rejection, Result};
use crate::settings::{Action, HomeCluster, Settings};
use crate::warning::{Warning, Warnings};

/// The review of a pod.
#[derive(Debug)]
pub(crate) struct Review<'c> {
    pub(crate) context: &'c Context<'c>,
    pub(crate) warnings: Warnings,
    /// The path of the first edit, and what was wrong there.
    pub(crate) first_edit: Option<(String, &'static str)>,
}

impl<'c> Review<'c> {
    pub(crate) fn new(context: &'c Context<'c>) -> Self {
        Self { context, warnings: Warnings::default(), first_edit: None }
    }

    /// Notes that what stands at `path` was edited, and what was wrong with it.
    pub(crate) fn note(&mut self, path: Path, problem: &'static str) {
        self.first_edit.get_or_insert_with(|| (path.to_string(), problem));
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.add(warning);
    }

    /// Warns of volumes at the API path that are not projected: it cannot be checked whose credentials they hold.
    pub(crate) fn warn_of_unknown_credentials(&mut self, volumes: &Volumes, mounts: &Mounts) {
        for volume in volumes.others.iter().filter(|name| mounts.api_volumes.contains_key(**name)) {
            self.warn(Warning::UnknownCredentials { volume: (*volume).to_owned() });
        }
    }
}

/// The facts about a pod from its metadata, its origin and the settings.
#[derive(Debug)]
pub(crate) struct Context<'c> {
    pub(crate) home_cluster: &'c HomeCluster,
    pub(crate) settings: &'c Settings<'c>,
    pub(crate) origin: &'c Origin,
    /// The Secret with the pod's tokens; `None` while the pod has no name (`generateName`). Its name may be too long for a
    /// Secret: see [`Context::token_secret`].
    pub(crate) token_secret: Option<String>,
    /// The ConfigMap with the home cluster's CA certificates; `None` while the home cluster is unknown.
    pub(crate) root_ca: Option<String>,
}

impl<'c> Context<'c> {
    /// Reads the rest from the pod's metadata.
    pub(crate) fn read(
        metadata: &Fields,
        origin: &'c Origin,
        settings: &'c Settings,
        home_cluster: &'c HomeCluster,
    ) -> Result<Self> {
        let name = metadata.string("name")?.filter(|name| !name.is_empty());
        check_length(name.unwrap_or_default(), MAX_SUBDOMAIN, metadata.path.member("name"))?;
        // If nothing is written, a name that the API server has yet to generate is not needed.
        let name = name.or((settings.action == Action::Validate).then_some(""));
        let (token_secret, root_ca) = (name.map(liqo::token_secret), origin.home_cluster().map(liqo::root_ca));
        Ok(Self { home_cluster, settings, origin, token_secret, root_ca })
    }

    /// The Secret that Liqo reflects for the pod, where it is needed.
    ///
    /// # Errors
    ///
    /// The pod has no name yet, or one that leaves no room for the Secret's.
    pub(crate) fn token_secret(&self) -> Result<&str> {
        match self.token_secret.as_deref() {
            None => Err(Rejection::NameNeeded.into()),
            Some(secret) if secret.len() > MAX_SUBDOMAIN => Err(Rejection::LongSecretName.into()),
            Some(secret) => Ok(secret),
        }
    }

    /// Whether a token for this audience stays in every mode.
    pub(crate) fn keeps_audience(&self, audience: Option<&str>) -> bool {
        audience.is_some_and(|audience| self.settings.kept_token_audiences.iter().any(|kept| kept == audience))
    }

    /// Whether a ConfigMap holds the CA certificates of the home cluster, as Liqo reflects them.
    pub(crate) fn is_reflected_ca(&self, config_map: &str) -> bool {
        self.root_ca.as_deref() == Some(config_map)
    }

    /// Whether a Secret is the one that Liqo reflects for the pod.
    pub(crate) fn is_token_secret(&self, secret: &str) -> bool {
        self.token_secret.as_deref() == Some(secret)
    }

    /// Whether a Secret is the one that `homeCredentialsSecret` names.
    pub(crate) fn is_own_secret(&self, secret: &str) -> bool {
        self.home_cluster.credentials_secret.as_deref() == Some(secret)
    }
}
