//! What holds for every answer. `check` asserts it of one: of each case in files, of each recorded request, and here of
//! pods at random. `PROPTEST_CASES` sets how many those are.

use std::cell::RefCell;
use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::api_server::{refusals, stored, unknown_fields};
use crate::credentials::{Credential, Meant};
use crate::kubelet::{Container, Endpoint, Shown, containers, service_account, text};
use crate::pods::{self, SECRET, anything};
use crate::support::{Answer, Case, HOME_NAMESPACE, Outcome, difference, evaluate, problem_of_text};

pub(crate) type Checked<T = ()> = Result<T, TestCaseError>;

pub(crate) fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Checks the answer to a case, and the answers to what follows from it.
pub(crate) fn check(case: &Case) -> Checked<Outcome> {
    let outcome = case.outcome();
    let answer = &outcome.answer;
    check_form(answer)?;
    check_settings(case, answer)?;
    if let Some(after) = answer.mutated_object.as_ref() {
        check_settled(case, after)?;
        check_changes(case, &outcome.before, after, answer)?;
    }
    Ok(outcome)
}

/// A message goes with a rejection, and nothing else does; warnings are short; no value of an environment is told.
fn check_form(answer: &Answer) -> Checked {
    let told = Answer { mutated_object: None, ..answer.clone() };
    prop_assert!(!format!("{told:?}").contains(SECRET), "{:?}", told);
    prop_assert_eq!(answer.accepted, answer.message.is_none());
    let is_bare = answer.warnings.is_empty() && answer.audit_annotations.is_empty() && answer.mutated_object.is_none();
    prop_assert!(answer.accepted || is_bare, "{:?}", answer);
    prop_assert!(answer.audit_annotations.keys().all(|key| !key.contains('/')), "{:?}", told);
    for warning in &answer.warnings {
        prop_assert!(warning.chars().count() <= 120, "{}", warning);
    }
    Ok(())
}

/// The settings about the policy's work itself do what they say.
fn check_settings(case: &Case, answer: &Answer) -> Checked {
    let is_set = |key: &str| case.settings[key] == true;
    let with = |key: &str| {
        let mut settings = case.settings.as_object().cloned().unwrap_or_default();
        settings.retain(|key, _| !["validateOnly", "validate_only", "verifyOnly"].contains(&key.as_str()));
        settings.insert(key.to_owned(), json!(true));
        case.clone().settings(Value::Object(settings)).outcome().answer
    };
    let is_read_only = is_set("validateOnly") || is_set("verifyOnly");
    let is_changed = answer.mutated_object.is_some();
    prop_assert!(!is_read_only || !is_changed, "changed under {}", case.settings);
    prop_assert!(!is_set("strict") || answer.warnings.is_empty(), "accepted with {:?}", answer.warnings);
    if !answer.accepted || is_read_only {
        return Ok(());
    }
    let validated = with("validateOnly");
    prop_assert!(validated.accepted && validated.mutated_object.is_none(), "validateOnly: {:?}", validated);
    let verified = with("verifyOnly");
    prop_assert_eq!(verified.accepted, !is_changed, "verifyOnly: {:?}", verified);
    prop_assert!(verified.mutated_object.is_none());
    let strict = with("strict");
    prop_assert_eq!(strict.accepted, answer.warnings.is_empty(), "strict: {:?}", strict);
    if !strict.accepted {
        let message = format!("rejected because strict is set: {}", answer.warnings.join("; "));
        prop_assert_eq!(strict.message, Some(message));
    }
    Ok(())
}

/// Asked again the policy has nothing to do, also once the API server has stored the pod, and `verifyOnly` accepts it.
fn check_settled(case: &Case, after: &Value) -> Checked {
    let mut verifying = case.settings.as_object().cloned().unwrap_or_default();
    verifying.insert("verifyOnly".to_owned(), json!(true));
    let is_stored = refusals(after).is_empty() && serde_json::from_value::<Pod>(after.clone()).is_ok();
    for pod in [after.clone()].into_iter().chain(is_stored.then(|| stored(after))) {
        for settings in [case.settings.clone(), Value::Object(verifying.clone())] {
            let again = case.clone().set("/object", pod.clone()).settings(settings).outcome().answer;
            let message =
                || again.message.clone().unwrap_or_else(|| difference(&pod, again.mutated_object.as_ref().unwrap()));
            prop_assert!(again.accepted && again.mutated_object.is_none(), "asked again: {}", message());
        }
    }
    Ok(())
}

/// What was changed is what the policy owns, the API server takes it, and no client is led astray.
fn check_changes(case: &Case, before: &Value, after: &Value, answer: &Answer) -> Checked {
    let meant = Meant::of(case);
    let mode = answer.audit_annotations["mode"].as_str();
    prop_assert_eq!(case.request["kind"]["kind"].as_str(), Some("Pod"));
    let home_api_server = answer.audit_annotations.get("home-api-server").and_then(|server| server.rsplit_once(':'));
    let [untouched, same] = [before, after].map(|pod| meant.untouched_part(pod, home_api_server));
    prop_assert!(untouched == same, "{}", difference(&untouched, &same));
    let refused = refusals(after);
    let refused: Vec<_> = refused.difference(&refusals(before)).cloned().collect();
    prop_assert!(refused.is_empty(), "the API server refuses {:?}", refused);
    if let (Some(before), Some(after)) = (unknown_fields(before), unknown_fields(after)) {
        let unknown: Vec<_> = after.difference(&before).collect();
        prop_assert!(unknown.is_empty(), "Kubernetes does not know {:?}", unknown);
    }
    meant.check_files(before, after)?;
    meant.check_credentials(after, mode, answer)?;
    // A kept token is made for the pod's ServiceAccount.
    if mode != "remote" && meant.keeps_token(before) {
        prop_assert_eq!(service_account(after), service_account(before));
        prop_assert!(meant.is_allowed(service_account(before)));
    }
    if mode == "home" {
        for container in containers(after).iter().filter(|container| !meant.is_foreign(container.name)) {
            let endpoint = endpoint_of(container)?;
            prop_assert_eq!(&endpoint.authority(), &answer.audit_annotations["home-api-server"], "{}", container.name);
            let [host, port] = ["homeApiServerHost", "homeApiServerPort"].map(|key| &meant.settings[key]);
            prop_assert!(host.is_null() || *host == endpoint.host, "{} goes to {:?}", container.name, endpoint);
            let port = port.as_str().map_or_else(|| port.to_string(), str::to_owned);
            prop_assert!(port == "null" || port == endpoint.port, "{} goes to {:?}", container.name, endpoint);
        }
    }
    Ok(())
}

/// Where a container is led: all variables, and all references to them, lead to one API server.
pub(crate) fn endpoint_of(container: &Container) -> Checked<Endpoint> {
    let get = |name| container.environment.get(name).unwrap_or_default();
    let found = Endpoint::new(get("KUBERNETES_SERVICE_HOST"), get("KUBERNETES_SERVICE_PORT"));
    let variables: BTreeMap<_, _> = found.variables().into();
    for (name, value) in &variables {
        prop_assert_eq!(container.environment.get(name), Some(value.as_str()), "{} of {}", name, container.name);
    }
    for (name, value) in &container.environment.references {
        if let Some(expected) = variables.get(name) {
            prop_assert_eq!(value.as_ref(), Some(expected), "$({}) in {}", name, container.name);
        }
    }
    Ok(found)
}

impl Meant {
    /// A pod without what the policy may change. In home mode it writes variables and aliases for one API server.
    fn untouched_part(&self, pod: &Value, home_api_server: Option<(&str, &str)>) -> Value {
        let account = service_account(pod).replace('$', "$$");
        let mut pod = pod.clone();
        let spec = pod["spec"].as_object_mut().expect("a spec");
        for field in ["automountServiceAccountToken", "serviceAccountName", "serviceAccount"] {
            spec.remove(field);
        }
        for volume in list_in(spec.get_mut("volumes")) {
            if let Some(projected) = volume.get_mut("projected").and_then(Value::as_object_mut) {
                projected.remove("sources");
            }
        }
        let Some((host, port)) = home_api_server else { return pod };
        let names = Endpoint::new("", port).variables().map(|(name, _)| name);
        let is_added = |item: &Value| text(&item["name"]).starts_with("kube-api-access-home");
        for list in ["containers", "initContainers"] {
            for container in list_in(spec.get_mut(list)) {
                retain(container, "volumeMounts", |mount| !is_added(mount));
                if self.is_foreign(text(&container["name"])) {
                    continue;
                }
                retain(container, "env", |variable| {
                    if variable["valueFrom"]["fieldRef"]["fieldPath"] == "spec.serviceAccountName" {
                        let variable = variable.as_object_mut().expect("an object");
                        variable.remove("valueFrom");
                        variable.insert("value".to_owned(), json!(account));
                    }
                    !names.iter().any(|name| variable["name"] == *name)
                });
            }
        }
        retain(&mut pod["spec"], "volumes", |volume| !is_added(volume));
        let cluster_names = self.cluster_names();
        retain(&mut pod["spec"], "hostAliases", |alias| {
            retain(alias, "hostnames", |name| text(name) != host && !cluster_names.iter().any(|other| name == other));
            alias["hostnames"].is_array()
        });
        if let Some(annotations) = pod["metadata"]["annotations"].as_object_mut() {
            annotations.remove(HOME_NAMESPACE);
        }
        if pod["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty) {
            pod["metadata"].as_object_mut().expect("metadata").remove("annotations");
        }
        pod
    }

    /// What the user's own sources show is still shown, and such a source is as it was.
    pub(crate) fn check_files(&self, before: &Value, after: &Value) -> Checked {
        let is_namespace = |path: &str| self.home_namespace && path == "namespace";
        let after = self.projected(after);
        for (before, after) in self.projected(before).into_iter().zip(&after) {
            let is_own = |path: &str, shown: &Shown| {
                self.credential(before.name, path, shown).is_none() && before.files.get(path) == Some(shown)
            };
            for (path, shown) in &before.files {
                if is_own(path, shown) && !is_namespace(path) {
                    prop_assert_eq!(after.files.get(path), Some(shown), "{} in volume {}", path, before.name);
                }
            }
            let times = |path: &String| before.sources.iter().filter(|(_, files)| files.contains_key(path)).count();
            for (source, files) in &before.sources {
                let is_alone = |path| times(path) == 1 && !is_namespace(path);
                if files.iter().all(|(path, shown)| is_own(path, shown) && is_alone(path)) && !files.is_empty() {
                    let is_there = after.sources.iter().any(|(after, _)| after == source);
                    prop_assert!(is_there, "{} of volume {} is changed", source, before.name);
                }
            }
            prop_assert_eq!(before.shows_more, after.shows_more, "volume {}", before.name);
        }
        Ok(())
    }

    /// Each file with credentials belongs to the cluster whose API server the pod talks to.
    pub(crate) fn check_credentials(&self, after: &Value, mode: &str, answer: &Answer) -> Checked {
        for volume in self.projected(after) {
            for (path, shown) in &volume.files {
                let is_right = match (mode, self.credential(volume.name, path, shown)) {
                    (_, None | Some(Credential::KeptToken)) => true,
                    ("home", Some(Credential::ForeignCertificates)) => {
                        let is_told = answer.warnings.iter().any(|warning| warning.contains("home cluster unknown"));
                        self.own_secret().is_none() && self.origin.is_none() && is_told
                    }
                    ("home", Some(credential)) => credential != Credential::ForeignToken,
                    ("disabled", Some(Credential::ForeignCertificates)) => self.origin.is_none(),
                    ("disabled", Some(credential)) => credential == Credential::ReflectedCertificates,
                    (_, Some(credential)) => {
                        ![Credential::ReflectedToken, Credential::OwnToken, Credential::OwnCertificates]
                            .contains(&credential)
                    }
                };
                prop_assert!(is_right, "mode {}: {} in volume {} is {:?}", mode, path, volume.name, shown);
            }
        }
        Ok(())
    }
}

fn list_in(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

/// Keeps some items of a list, and the list where there are any.
fn retain(object: &mut Value, field: &str, keep: impl FnMut(&mut Value) -> bool) {
    let Some(object) = object.as_object_mut() else { return };
    let list = object.get_mut(field).and_then(Value::as_array_mut);
    if list.is_none_or(|list| {
        list.retain_mut(keep);
        list.is_empty()
    }) {
        object.remove(field);
    }
}

#[test]
fn of_every_answer_about_a_pod() {
    let counts: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let config = config(1_000);
    let cases = config.cases;
    let result = TestRunner::new(config).run(&pods::case(), |case| {
        let Answer { accepted, mutated_object, audit_annotations, .. } = check(&case)?.answer;
        // Where the policy asks for a Namespace that it does not get nothing is accepted, and where the Namespace is one of
        // the foreign cluster's own nothing is changed.
        if case.settings["namespaceLookup"] == true {
            let namespace = case.namespaces.0.get("demo-milan");
            prop_assert!(!accepted || namespace.is_some());
            let is_offloaded = namespace.is_some_and(|text| {
                text.contains("liqo.io/remote-cluster-id") && !text.contains("liqo.io/tenant-namespace")
            });
            prop_assert!(is_offloaded || audit_annotations.is_empty());
        }
        if mutated_object.is_some() {
            *counts.borrow_mut().entry(audit_annotations["mode"].clone()).or_default() += 1;
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    // The properties of changed pods were looked at in many of each mode.
    for mode in ["home", "remote", "disabled"] {
        let share = counts.borrow().get(mode).copied().unwrap_or_default() * 100 / cases;
        assert!(share >= 5, "only {share} % of the pods were changed in mode {mode}");
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn of_every_answer_about_anything(
        group in select(vec!["", "apps", "batch", "example.org"]),
        kind in select(vec!["Pod", "Deployment", "CronJob", "Job", "ReplicationController", "ConfigMap"]),
        operation in select(vec!["CREATE", "UPDATE", "DELETE"]),
        pod in pods::case(),
        old in anything(),
        settings in prop_oneof![pods::settings(), anything()],
        stray in proptest::option::weighted(0.1, anything()),
    ) {
        let template = &pod.request["object"];
        let object = json!({"metadata": template["metadata"], "spec": {"template": template, "jobTemplate": {"spec": {"template": template}}}});
        let mut case = Case::create(group, "v1", kind, object).settings(settings);
        case = case.set("/operation", json!(operation)).set("/oldObject", old).set("/namespace", json!("demo-milan"));
        if let Some(stray) = stray {
            case = case.set("/kind", stray);
        }
        case.namespaces = pod.namespaces;
        check(&case)?;
    }

    #[test]
    fn of_every_answer_to_bytes(bytes in vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:\\\\a-f0-9 .+eE-]{0,60}") {
        for payload in [&bytes[..], text.as_bytes()] {
            let answer: Answer = serde_json::from_slice(&evaluate(payload)).expect("an answer");
            prop_assert!(!answer.accepted);
            let _ = problem_of_text(payload);
        }
    }

    /// Whatever the host answers, the policy has an answer.
    #[test]
    fn of_every_answer_of_the_host(case in pods::case(), text in any::<String>()) {
        let id = json!({"metadata": {"labels": {"liqo.io/remote-cluster-id": text}, "annotations": {"liqo.io/original-name": text}}});
        for text in [text, id.to_string()] {
            let mut case = case.clone();
            let mut settings = case.settings.as_object().cloned().unwrap_or_default();
            settings.insert("namespaceLookup".to_owned(), json!(true));
            case.settings = Value::Object(settings);
            case.namespaces.0.insert("demo-milan".to_owned(), text);
            check(&case)?;
        }
    }
}
