//! The module's side of waPC: what policy-server and kwctl call, and what the policy asks of them. It is the only code
//! that is not native.
#![expect(unsafe_code, reason = "the host finds `wapc_init` by its name")]

use kubewarden_policy_sdk::host_capabilities::kubernetes::{GetResourceRequest, get_resource};
use kubewarden_policy_sdk::wapc_guest::register_function;
use kubewarden_policy_sdk::{Error, protocol_version_guest};
use serde_json::value::RawValue;

use crate::Cluster;

/// Registers the functions that every policy has. The host calls it once for each instance.
#[unsafe(no_mangle)]
extern "C" fn wapc_init() {
    register_function("validate", |payload| Ok(crate::validate(payload, &Host)));
    register_function("validate_settings", |payload| Ok(crate::validate_settings(payload)));
    register_function("protocol_version", protocol_version_guest);
}

/// The host, which reads the foreign cluster for policies that are granted that.
struct Host;

impl Cluster for Host {
    fn namespace(&self, name: &str) -> Result<String, String> {
        let request = GetResourceRequest {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            name: name.to_owned(),
            namespace: None,
            disable_cache: false,
            field_masks: None,
        };
        match get_resource::<Box<RawValue>>(&request) {
            Ok(namespace) => Ok(namespace.get().to_owned()),
            Err(Error::HostCall { source, .. }) => Err(source.to_string()),
            Err(Error::Deserialization { source, .. }) => Err(format!("the answer is not JSON: {source}")),
            Err(error) => Err(error.to_string()),
        }
    }
}
