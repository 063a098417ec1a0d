//! What says the same in several files: name, version, description, license and rules.

use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use kubewarden_policy_sdk::crd::policies::common::BackgroundAudit;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::files::read;

/// `metadata.yml`, as far as other files repeat it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) rules: Vec<RuleWithOperations>,
    pub(crate) background_audit: BackgroundAudit,
    annotations: BTreeMap<String, String>,
}

impl Metadata {
    pub(crate) fn read() -> Self {
        serde_yaml::from_str(&read("metadata.yml")).expect("the metadata")
    }

    /// Where the published module is, as manifests name it.
    pub(crate) fn module(&self) -> String {
        format!("registry://{}:v{}", self.annotation("ociUrl"), self.annotation("version"))
    }

    fn annotation(&self, name: &str) -> &str {
        &self.annotations[&format!("io.kubewarden.policy.{name}")]
    }
}
