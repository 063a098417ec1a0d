//! `docs/messages.md`: every message of the policy is in it, and nothing that the policy does not say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::files::{names, read};
use crate::support::{Case, evaluate, settings_problem};

/// What a section of the document explains: templates of messages, each with the text below its heading.
fn explained(section: &str) -> Vec<(String, String)> {
    let document = read("docs/messages.md");
    let sections = document.split("\n## ").filter(|text| text.starts_with(section));
    let parts = sections.flat_map(|text| text.split("\n### ").skip(1));
    let parts = parts.map(|part| part.split_once('\n').unwrap());
    parts
        .map(|(heading, text)| {
            let template = heading.strip_prefix('`').unwrap().strip_suffix('`').unwrap();
            (template.to_owned(), text.trim().to_owned())
        })
        .collect()
}

fn templates(section: &str) -> Vec<String> {
    explained(section).into_iter().map(|(template, _)| template).collect()
}

/// Whether a message is what a template describes, where `…` stands for any text.
fn describes(template: &str, message: &str) -> bool {
    let Some((start, rest)) = template.split_once('…') else {
        return template == message;
    };
    let after = message.strip_prefix(start);
    after.is_some_and(|after| after.char_indices().any(|(at, _)| describes(rest, &after[at..])) || describes(rest, ""))
}

/// The template that describes a message best: the longest of those that do.
#[track_caller]
fn template_of<'a>(templates: &'a [String], message: &str) -> &'a str {
    let fitting = templates.iter().filter(|template| describes(template, message));
    fitting
        .max_by_key(|template| template.len())
        .unwrap_or_else(|| panic!("docs/messages.md does not explain: {message}"))
}

/// Every message that a recorded request gets is explained.
#[test]
fn every_recorded_message_is_in_the_document() {
    let [rejections, warnings] = ["Rejections", "Warnings"].map(templates);
    let mut seen = 0;
    for name in names("test_data/requests", ".json") {
        for settings in [json!({}), json!({"allowedModes": ["home"]}), json!({"homeClusterId": "turin"})] {
            let answer = Case::recorded(&name).settings(settings).outcome().answer;
            let rejection = answer.message.iter().map(|message| (&rejections, message));
            for (templates, message) in rejection.chain(answer.warnings.iter().map(|warning| (&warnings, warning))) {
                template_of(templates, message);
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} messages");
}

fn answer(payload: &[u8]) -> Value {
    serde_json::from_slice(&evaluate(payload)).unwrap()
}

fn pod(annotations: &Value, spec: Value) -> Case {
    Case::pod(json!({"metadata": {"name": "p", "annotations": annotations}, "spec": spec}))
}

/// Every heading is about a message that the policy gives.
#[test]
fn every_rejection_exists() {
    let mode = |mode: Value| pod(&json!({"liqo.io/api-server-support": mode}), json!({"containers": []}));
    let remote = |name: &str| {
        let annotations = json!({"liqo.io/api-server-support": "remote", "liqo.io/remote-service-account-name": name});
        pod(&annotations, json!({"containers": []})).settings(json!({"allowedRemoteServiceAccounts": ["a"]}))
    };
    let volume = |sources: Value| {
        let volume = json!({"name": "v", "projected": {"sources": sources}});
        json!({"containers": [], "volumes": [volume]})
    };
    let many = json!({"homeClusters": {"turin": {}}});
    let looked_up = |settings: Value, cluster: &str| {
        let labels = json!({"liqo.io/remote-cluster-id": cluster});
        let namespace = json!({"metadata": {"name": "liqo-demo", "labels": labels}});
        Case::recorded("prometheus").settings(settings).namespace(&namespace)
    };
    let cases = [
        mode(json!("Remote")),
        mode(json!("home")),
        mode(json!("remote")).settings(json!({"allowedModes": ["home"]})),
        remote("A"),
        remote("b"),
        mode(json!("remote")).settings(json!({"allowedRemoteServiceAccounts": ["a"]})),
        Case::recorded("prometheus").settings(json!({"homeClusterId": "turin"})),
        looked_up(json!({"namespaceLookup": true}), "turin"),
        looked_up(json!({"namespaceLookup": true, "homeClusterId": "turin"}), "milan"),
        Case::recorded("prometheus").settings(json!({"namespaceLookup": true})),
        Case::recorded("plain-web").settings(many.clone()),
        Case::recorded("prometheus").settings(many),
        Case::recorded("generate-name"),
        Case::recorded("already-forged").settings(json!({"defaultMode": "remote"})),
        pod(&json!({}), volume(json!([{"secret": {}, "configMap": {}}]))),
        pod(&json!({}), json!({"containers": vec![json!({}); 10_001]})),
        pod(&json!({}), json!({"containers": {}})),
        Case::recorded("plain-web").settings(json!({"verifyOnly": true})),
        Case::recorded("plain-web").settings(json!({"strict": true})),
        mode(json!("remote")).settings(json!({"a": 1})),
    ];
    let messages = cases.iter().map(Case::rejection);
    let unread = [b"{".as_slice(), b"\xff"].map(|payload| answer(payload)["message"].as_str().unwrap().to_owned());
    exactly("Rejections", messages.chain(unread));
}

#[test]
fn every_problem_of_settings_exists() {
    let settings = [
        json!({"a": 1}),
        json!({"homeClusters": {"milan": {"a": 1}}}),
        json!({"homeApiServerHost": "h", "home_api_server_host": "h"}),
        json!({"homeApiServerHost": "h/"}),
        json!({"homeApiServerPort": 0}),
        json!({"homeApiServerAddresses": ["h"]}),
        json!({"homeClusterId": ""}),
        json!({"homeClusterId": "milan", "homeClusters": {"milan": {}}}),
        json!({"homeClusters": {}}),
        json!({"homeClusters": []}),
        json!({"homeClusters": {"milan": []}}),
        json!({"homeCredentialsSecret": ""}),
        json!({"defaultMode": "x"}),
        json!({"originLabel": ""}),
        json!({"keptTokenAudiences": [""]}),
        json!({"validateOnly": "true"}),
        json!({"validateOnly": true, "verifyOnly": true}),
        json!({"allowedModes": "home"}),
        json!({"allowedModes": []}),
        json!({"allowedModes": ["remote"]}),
        json!([]),
    ];
    let settings = settings.iter().map(|settings| settings.to_string().into_bytes());
    let half_a_pair = br#"{"homeClusters": {"milan": {"\ud800": 1}}}"#;
    let settings = settings.chain([half_a_pair.to_vec(), b"{".to_vec(), b"\xff".to_vec()]);
    exactly("Settings", settings.map(|settings| settings_problem(&settings).unwrap()));
}

/// The rows of the table in the section whose heading starts so: the first cell, without code marks, and the rest.
fn table(section: &str, heading: &str) -> Vec<(Vec<String>, String)> {
    let (_, text) = explained(section).into_iter().find(|(template, _)| template.starts_with(heading)).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let codes = |cell: &str| cell.trim_matches('`').split("`, `").map(str::to_owned).collect();
    rows.map(|(cell, rest)| (codes(cell), rest.to_owned())).collect()
}

#[test]
fn every_reason_against_a_host_exists() {
    let mut reasons = BTreeSet::new();
    for (reason, example) in table("Settings", "…: expected a DNS name or an IP address") {
        let [reason] = reason.try_into().unwrap();
        let (example, _) = example.split_once(" | ").unwrap();
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127) + "a";
        let host = match example {
            "`\"\"`" => "",
            "64 letters without a dot" => long_label.as_str(),
            "a name of 255 characters" => long_name.as_str(),
            host => host.trim_matches('`'),
        };
        let problem = settings_problem(json!({"homeApiServerHost": host}).to_string().as_bytes()).unwrap();
        assert!(problem.ends_with(&format!(": {reason}")), "{problem}");
        assert!(reasons.insert(reason));
    }
    assert_eq!(reasons.len(), 14);
}

/// What the second lock finds wrong with a pod that the policy has changed and another webhook changed again.
#[test]
fn every_difference_that_the_second_lock_tells_exists() {
    let settings = json!({
        "homeApiServerHost": "api.milan.example.org",
        "homeApiServerAddresses": ["10.70.0.1"],
        "homeCredentialsSecret": "milan-api-access",
        "namespaceLookup": true,
    });
    let namespace = json!({
        "metadata": {
            "name": "liqo-demo",
            "labels": {"liqo.io/remote-cluster-id": "milan"},
            "annotations": {"liqo.io/original-name": "demo"},
        },
    });
    let looked_up = |case: Case, settings: &Value| case.settings(settings.clone()).namespace(&namespace);
    let mut verify = settings.clone();
    verify["verifyOnly"] = json!(true);
    let changed_again = |name: &str, change: fn(Case) -> Case| {
        let object = looked_up(Case::recorded(name), &settings).object();
        let stored = Case::recorded(name).set("/object", object);
        assert!(looked_up(stored.clone(), &verify).outcome().answer.accepted);
        looked_up(change(stored), &verify).rejection()
    };
    let token = |case: Case| {
        let token = json!({"serviceAccountToken": {"path": "token"}});
        case.set("/object/spec/volumes/-", json!({"name": "t", "projected": {"sources": [token]}}))
    };
    let messages = [
        changed_again("prometheus", |case| case.remove("/object/spec/containers/0/env/0")),
        changed_again("prometheus", |case| {
            let name = json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}});
            case.set("/object/spec/containers/0/env/-", name)
        }),
        changed_again("prometheus", |case| case.remove("/object/spec/hostAliases")),
        changed_again("prometheus", token),
        changed_again("disabled", token),
        changed_again("prometheus", |case| case.set("/object/spec/serviceAccountName", json!("a"))),
        changed_again("remote-other-sa", |case| case.set("/object/spec/serviceAccountName", json!("a"))),
        changed_again("remote-other-sa", |case| case.set("/object/spec/automountServiceAccountToken", json!(false))),
        changed_again("prometheus", |case| case.set("/object/spec/automountServiceAccountToken", json!(true))),
        changed_again("prometheus", |case| case.remove("/object/metadata/annotations")),
    ];
    let told = |message: &str| {
        let message = message.strip_suffix("; another webhook changed the pod after this policy").unwrap();
        message.split_once(": ").unwrap().1.to_owned()
    };
    let told: BTreeSet<_> = messages.iter().map(|message| told(message)).collect();
    let table = table("Rejections: the pod", "…: …; another webhook");
    let documented: BTreeSet<_> = table.into_iter().flat_map(|(problems, _)| problems).collect();
    // Seen where no API server mounts anything, and where a virtual kubelet strips a token.
    let elsewhere = ["lacks the credentials of the home cluster", "do not show a token of the foreign cluster"];
    assert_eq!(documented, told.into_iter().chain(elsewhere.map(str::to_owned)).collect());
}

/// A case for each warning.
fn with_warnings() -> Vec<Case> {
    let mount = json!({"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    let credentials = |source: &Value| {
        let spec = json!({
            "containers": [{"name": "c", "volumeMounts": [mount]}],
            "volumes": [{"name": "v", "projected": {"sources": [source]}}],
        });
        pod(&json!({}), spec)
    };
    let token = json!({"serviceAccountToken": {"path": "token", "audience": "vault"}});
    let certificates =
        json!({"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}});
    let workload = json!({"metadata": {"annotations": {"liqo.io/api-server-support": "remote"}}, "spec": {}});
    let aliases = json!([
        {"ip": "10.0.0.1", "hostnames": ["kubernetes.default"]},
        {"ip": "10.0.0.2", "hostnames": ["kubernetes.default.svc"]},
    ]);
    let variable = json!([{"name": "KUBERNETES_SERVICE_HOST", "value": "10.0.0.1"}]);
    let remote = json!({"liqo.io/api-server-support": "remote"});
    let late = json!({"name": "late", "projected": {"sources": [token]}});
    vec![
        pod(&json!({"liqo.io/remote-service-account-name": "a"}), json!({"containers": []})),
        Case::create("apps", "v1", "Deployment", workload),
        credentials(&token),
        credentials(&token).settings(json!({"homeCredentialsSecret": "s"})),
        credentials(&certificates),
        credentials(&certificates).settings(json!({"homeApiServerHost": "api.milan.example.org"})),
        pod(&json!({}), json!({"containers": [], "hostAliases": aliases})),
        pod(&remote, json!({"containers": [{"name": "c", "env": variable}]})),
        Case::recorded("already-forged").set("/object/spec/volumes/-", late),
    ]
}

#[test]
fn every_warning_exists() {
    exactly("Warnings", with_warnings().iter().flat_map(Case::warnings));
}

#[test]
fn the_document_says_what_strict_makes_of_each_warning() {
    for (template, text) in explained("Warnings") {
        let last = text.rsplit("\n\n").next().unwrap();
        assert!(last.starts_with("`strict`: "), "{template}: {last}");
    }
    for case in with_warnings() {
        let mut settings = case.settings.clone();
        settings["strict"] = json!(true);
        let expected = format!("the policy is strict, and there are problems: {}", case.warnings().join("; "));
        assert_eq!(case.settings(settings).rejection(), expected);
    }
}

/// Each template of a section describes one of the messages, and each message is described.
#[track_caller]
fn exactly(section: &str, messages: impl IntoIterator<Item = String>) {
    let templates = templates(section);
    let described: BTreeSet<_> =
        messages.into_iter().map(|message| template_of(&templates, &message).to_owned()).collect();
    assert_eq!(described, templates.iter().cloned().collect());
}
