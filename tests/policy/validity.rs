//! What the policy writes is what the API server takes.
//!
//! Every changed object of the recorded requests reads into the types of the API with nothing left over that was not
//! left over before, and the parts that the policy writes obey what the API server checks of them.
//! Source: `ValidatePodSpec` and what it calls in Kubernetes' `pkg/apis/core/validation`.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use k8s_openapi::api::core::v1::Pod;
use rstest::rstest;
use serde_json::Value;

use crate::recorded;
use crate::support::Case;

#[rstest]
fn of_changed_pods(#[files("test_data/requests/*.json")] path: PathBuf) {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
    for (variant, settings) in recorded::settings() {
        let outcome = Case::recorded(name).settings(settings).outcome();
        let Some(after) = outcome.answer.mutated_object else { continue };
        let left_over = |object: &Value| {
            let pod: Pod = serde_json::from_value(object.clone()).expect("a pod");
            let mut left_over = BTreeSet::new();
            compare(object, &serde_json::to_value(&pod).expect("JSON"), "", &mut left_over);
            left_over
        };
        let before = left_over(&outcome.before);
        let new: Vec<_> = left_over(&after).difference(&before).cloned().collect();
        assert!(new.is_empty(), "{name} under {variant}: the types do not know {new:?}");
        check(&serde_json::from_value(after).expect("a pod"), &format!("{name} under {variant}"));
    }
}

/// Adds the paths that are in `whole` and not in `part`. Indices are left out: what stands before may have changed.
fn compare(whole: &Value, part: &Value, path: &str, left_over: &mut BTreeSet<String>) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (name, value) in whole {
                let path = format!("{path}/{name}");
                match part.get(name) {
                    Some(part) => compare(value, part, &path, left_over),
                    // The types write neither null nor what is empty.
                    None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
                    None => {
                        left_over.insert(path);
                    }
                }
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            for (whole, part) in whole.iter().zip(part) {
                compare(whole, part, &format!("{path}/-"), left_over);
            }
        }
        _ => {}
    }
}

fn check(pod: &Pod, context: &str) {
    let spec = pod.spec.as_ref().expect("a spec");
    let volumes = spec.volumes.as_deref().unwrap_or_default();
    let names: BTreeSet<_> = volumes.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!(names.len(), volumes.len(), "{context}: names of volumes are unique");
    assert!(names.iter().all(|name| is_label(name)), "{context}: names of volumes are labels: {names:?}");

    for container in spec.containers.iter().chain(spec.init_containers.as_deref().unwrap_or_default()) {
        let mounts = container.volume_mounts.as_deref().unwrap_or_default();
        let paths: BTreeSet<_> = mounts.iter().map(|mount| mount.mount_path.as_str()).collect();
        assert_eq!(paths.len(), mounts.len(), "{context}: mount paths of {} are unique", container.name);
        for mount in mounts {
            assert!(names.contains(mount.name.as_str()), "{context}: {} is mounted and there", mount.name);
        }
        for variable in container.env.as_deref().unwrap_or_default() {
            let is_one = variable.value.is_none() || variable.value_from.is_none();
            assert!(!variable.name.is_empty() && is_one, "{context}: {variable:?} has one value");
        }
    }
    for volume in volumes {
        let Some(projected) = &volume.projected else { continue };
        let mut paths = Vec::new();
        for source in projected.sources.as_deref().unwrap_or_default() {
            let kinds = [
                source.secret.is_some(),
                source.config_map.is_some(),
                source.downward_api.is_some(),
                source.service_account_token.is_some(),
                source.cluster_trust_bundle.is_some(),
                source.pod_certificate.is_some(),
            ];
            assert_eq!(
                kinds.iter().filter(|kind| **kind).count(),
                1,
                "{context}: a source of {} has one kind",
                volume.name
            );
            if let Some(secret) = &source.secret {
                assert!(is_subdomain(&secret.name), "{context}: {} is a name", secret.name);
            }
            let items = source.secret.iter().flat_map(|secret| secret.items.iter().flatten());
            let items = items.chain(source.config_map.iter().flat_map(|map| map.items.iter().flatten()));
            for item in items {
                let is_key = item.key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
                assert!(is_key && item.key.len() <= 253, "{context}: {} is a key", item.key);
                paths.push(item.path.as_str());
            }
            paths.extend(source.service_account_token.iter().map(|token| token.path.as_str()));
            let files = source.downward_api.iter().flat_map(|api| api.items.iter().flatten());
            paths.extend(files.map(|file| file.path.as_str()));
        }
        let unique: BTreeSet<_> = paths.iter().collect();
        assert_eq!(unique.len(), paths.len(), "{context}: paths in {} are unique: {paths:?}", volume.name);
    }
    for alias in spec.host_aliases.as_deref().unwrap_or_default() {
        assert!(alias.ip.parse::<IpAddr>().is_ok(), "{context}: {} is an address", alias.ip);
        for name in alias.hostnames.as_deref().unwrap_or_default() {
            assert!(is_subdomain(name), "{context}: {name} is a host name");
        }
    }
    assert_eq!(spec.service_account, spec.service_account_name, "{context}: both fields say the same");
}

fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}
