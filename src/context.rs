//! What the modes need beside the pod's spec: what is known of the pod, and where edits and warnings go.

use crate::edits::Edits;
use crate::liqo;
use crate::names::{MAX_SUBDOMAIN, check_length};
use crate::origin::Origin;
use crate::pod::{Fields, Path};
use crate::rejection::{Rejection, Result};
use crate::settings::{Action, HomeCluster, Settings};
use crate::warning::{Warning, Warnings};

/// The annotation that holds the home namespace.
pub(crate) const HOME_NAMESPACE: &str = "liqo-api-access-policy.github.io/home-namespace";

/// The review of a pod: what is known of it, and what has come of it so far.
#[derive(Debug)]
pub(crate) struct Review<'c> {
    pub(crate) context: &'c Context<'c>,
    pub(crate) edits: Edits,
    pub(crate) warnings: Warnings,
}

impl<'c> Review<'c> {
    pub(crate) fn new(context: &'c Context<'c>) -> Self {
        Self { context, edits: Edits::default(), warnings: Warnings::default() }
    }

    /// Notes that what stands at `path` was edited, and what was wrong with it.
    pub(crate) fn note(&mut self, path: Path, problem: &'static str) {
        self.edits.note(path, problem);
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.warnings.add(warning);
    }
}

/// What is known of a pod from its metadata, its origin and the settings.
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
    /// The value of the annotation [`HOME_NAMESPACE`].
    pub(crate) home_namespace_annotation: Option<String>,
}

impl<'c> Context<'c> {
    /// Reads what else is known of a pod from its metadata.
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
        let home_namespace_annotation = match settings.namespace_lookup {
            true => metadata.string_in(&["annotations"], HOME_NAMESPACE)?.map(str::to_owned),
            false => None,
        };
        Ok(Self {
            home_cluster,
            settings,
            origin,
            token_secret: name.map(liqo::token_secret),
            root_ca: origin.home_cluster().map(liqo::root_ca),
            home_namespace_annotation,
        })
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
