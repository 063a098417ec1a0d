//! `docs/messages.md`: every message of the policy is in it, and nothing that the policy does not say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::files::{names, read};
use crate::support::{Case, evaluate, forged, settings_problem};

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

fn pod(annotations: &Value, spec: Value) -> Case {
    Case::pod(json!({"metadata": {"name": "p", "annotations": annotations}, "spec": spec}))
}

/// A pod with this volume where clients look for API credentials.
fn credentials(annotations: &Value, volume: &Value) -> Case {
    let mount = json!({"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    let mut volume = volume.clone();
    volume["name"] = json!("v");
    pod(annotations, json!({"containers": [{"name": "c", "volumeMounts": [mount]}], "volumes": [volume]}))
}

fn projected(sources: &Value) -> Value {
    json!({"projected": {"sources": sources}})
}

const MODE: &str = "liqo.io/api-server-support";

/// Every heading is about a message that the policy returns.
#[test]
fn every_rejection_exists() {
    let none = json!({"containers": []});
    let mode = |mode: &str| pod(&json!({MODE: mode}), none.clone());
    let only_a = json!({"allowedRemoteServiceAccounts": ["a"], "keptTokenAudiences": ["vault"]});
    let remote = |name: &str| {
        let annotations = json!({MODE: "remote", "liqo.io/remote-service-account-name": name});
        pod(&annotations, none.clone()).settings(only_a.clone())
    };
    let many = json!({"homeClusters": {"turin": {}}, "namespaceLookup": false});
    let looked_up = |settings: &Value, cluster: &str| {
        let labels = json!({"liqo.io/remote-cluster-id": cluster});
        let namespace = json!({"metadata": {"name": "liqo-demo", "labels": labels}});
        let case = Case::recorded("prometheus").settings(settings.clone()).namespace(&namespace);
        Case { settings: merged(settings, &json!({"namespaceLookup": true})), ..case }
    };
    let named = |length: usize| {
        let token = projected(&json!([{"serviceAccountToken": {"path": "token"}}]));
        credentials(&json!({}), &token).set("/object/metadata/name", json!("n".repeat(length)))
    };
    let kept = projected(&json!([{"serviceAccountToken": {"path": "t", "audience": "vault"}}]));
    let taken = projected(&json!([
        {"podCertificate": {"keyPath": "tls.key", "certificateChainPath": "token"}},
        {"serviceAccountToken": {"path": "token"}},
    ]));
    let aliases = json!([{"ip": "10.70.0.1", "hostnames": ["kubernetes.default"]}]);
    let disagreeing = ["a", "b"].map(|name| json!({"name": name, "env": forged(&format!("{name}.example.org"), 443)}));
    let ports: Vec<_> =
        (0..9).map(|port| json!({"name": "KUBERNETES_SERVICE_PORT", "value": port.to_string()})).collect();
    let cases = [
        mode("Remote"),
        mode("home"),
        mode("remote").settings(json!({"allowedModes": ["home"]})),
        remote("A"),
        remote("b"),
        mode("remote").settings(only_a.clone()),
        pod(&json!({MODE: "home"}), none.clone())
            .settings(json!({"defaultMode": "disabled", "allowedModes": ["disabled"]})),
        pod(&json!({}), none.clone()).settings(json!({"defaultMode": "remote", "allowedRemoteServiceAccounts": ["a"]})),
        credentials(&json!({}), &kept).set("/object/spec/serviceAccountName", json!("b")).settings(only_a.clone()),
        Case::recorded("prometheus").settings(json!({"homeClusterId": "turin"})),
        looked_up(&json!({}), "turin"),
        looked_up(&json!({"homeClusterId": "turin"}), "milan"),
        looked_up(&many, "No id"),
        Case::recorded("prometheus").settings(json!({"namespaceLookup": true})),
        Case::recorded("plain-web").settings(many.clone()),
        Case::recorded("prometheus").settings(many.clone()),
        Case::recorded("generate-name"),
        named(248),
        named(254),
        Case::recorded("already-forged").settings(json!({"defaultMode": "remote"})),
        pod(&json!({MODE: "remote"}), json!({"containers": [], "hostAliases": aliases}))
            .settings(json!({"homeApiServerAddresses": ["10.70.0.1"]})),
        pod(&json!({}), json!({"containers": disagreeing})),
        credentials(&json!({}), &taken),
        credentials(&json!({}), &projected(&json!([{"secret": {}, "configMap": {}}]))),
        pod(&json!({}), json!({"containers": vec![json!({}); 1_001]})),
        pod(&json!({}), json!({"containers": [{"name": "c", "env": ports}]})),
        pod(&json!({}), json!({"containers": {}})),
        Case::recorded("plain-web").settings(json!({"verifyOnly": true})),
        Case::recorded("plain-web").settings(json!({"strict": true})),
        mode("remote").settings(json!({"a": 1})),
    ];
    let unread = [b"{".as_slice(), b"\xff"].map(|payload| {
        let answer: Value = serde_json::from_slice(&evaluate(payload)).unwrap();
        answer["message"].as_str().unwrap().to_owned()
    });
    exactly("Rejections", cases.iter().map(Case::rejection).chain(unread));
}

/// An object with the members of another one.
fn merged(one: &Value, other: &Value) -> Value {
    one.as_object()
        .into_iter()
        .chain(other.as_object())
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
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
        json!({"clusterDomain": "D"}),
        json!({"homeClusterId": ""}),
        json!({"homeClusterId": "milan", "homeClusters": {"milan": {}}}),
        json!({"homeClusters": {}}),
        json!({"homeClusters": []}),
        json!({"homeClusters": {"milan": []}}),
        json!({"homeCredentialsSecret": ""}),
        json!({"defaultMode": "x"}),
        json!({"originLabel": ""}),
        json!({"keptTokenAudiences": [""]}),
        json!({"foreignContainers": ["C"]}),
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
    let of_names = table("Settings", "…: expected a DNS name or an IP address");
    for (reason, example) in of_names.into_iter().chain(table("Settings", "…: expected an IP address")) {
        let [reason] = reason.try_into().unwrap();
        let host = match example.split(" |").next().unwrap() {
            "64 letters without a dot" => "a".repeat(64),
            "a name of 255 characters" => "a.".repeat(127) + "a",
            host => host.trim_matches(['`', '"']).to_owned(),
        };
        let problem = settings_problem(json!({"homeApiServerHost": host}).to_string().as_bytes()).unwrap();
        assert!(problem.ends_with(&format!(": {reason}")), "{problem}");
        assert!(reasons.insert(reason));
    }
    assert_eq!(reasons.len(), 15 + 7);
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
        changed_again("remote-other-sa", |case| {
            let certificates = "/object/spec/volumes/0/projected/sources/1/configMap/name";
            case.set(certificates, json!("kube-root-ca.crt.milan"))
        }),
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
    let token = json!({"serviceAccountToken": {"path": "vault", "audience": "vault"}});
    let certificates =
        json!({"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}});
    let [tokens, certificates] = [&token, &certificates].map(|source| projected(&json!([source])));
    let workload = json!({"metadata": {"annotations": {MODE: "remote"}}, "spec": {}});
    let aliases = |names: &[&str]| {
        let alias = |(last, name): (usize, &&str)| json!({"ip": format!("10.0.0.{}", last + 1), "hostnames": [name]});
        names.iter().enumerate().map(alias).collect::<Value>()
    };
    let spec = |names: &[&str], containers: Value| json!({"containers": containers, "hostAliases": aliases(names)});
    let names = ["kubernetes.default", "kubernetes.default.svc"];
    let hosts = json!([{"name": "c", "volumeMounts": [{"name": "h", "mountPath": "/etc/hosts"}]}]);
    let elsewhere = json!([{"name": "c", "env": forged("api.example.org", 6443)}]);
    let late = json!({"name": "late", "projected": {"sources": [token]}});
    vec![
        pod(&json!({"liqo.io/remote-service-account-name": "a"}), json!({"containers": []})),
        pod(&json!({"liqo.io/api-server-suport": "remote"}), json!({"containers": []})),
        Case::create("apps", "v1", "Deployment", workload),
        credentials(&json!({}), &tokens),
        credentials(&json!({}), &tokens).settings(json!({"homeCredentialsSecret": "s"})),
        credentials(&json!({MODE: "disabled"}), &tokens),
        credentials(&json!({}), &certificates),
        credentials(&json!({}), &certificates).settings(json!({"homeApiServerHost": "api.milan.example.org"})),
        credentials(&json!({}), &json!({"secret": {"secretName": "s"}})),
        pod(&json!({}), spec(&names, json!([]))),
        pod(&json!({}), spec(&names[..1], elsewhere)),
        pod(&json!({}), spec(&names[..1], hosts)),
        pod(&json!({MODE: "remote"}), spec(&names[..1], json!([]))),
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
        let expected = format!("rejected because strict is set: {}", case.warnings().join("; "));
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
