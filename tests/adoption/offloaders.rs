//! What `docs/offloaders.md` says of other offloaders than Liqo is what the policy does to their pods.

use rstest::rstest;
use serde_json::{Value, json};

use crate::files::{assert_snapshot, read};
use crate::support::Case;

const OFFLOADERS: [&str; 3] = ["admiralty", "k3k", "vcluster"];
const MODES: [&str; 3] = ["home", "remote", "disabled"];

/// A pod of an offloader, with the settings that fit it.
fn case(offloader: &str, mode: &str) -> Case {
    let settings = match offloader {
        "admiralty" => json!({
            "originLabel": "multicluster.admiralty.io/parent-cluster-name",
            "homeApiServerHost": "api.milan.example.org",
            "homeApiServerAddresses": ["10.70.0.1"],
            "homeCredentialsSecret": "milan-api-access",
        }),
        "k3k" => json!({"originLabel": "k3k.io/clusterName"}),
        "vcluster" => json!({"originLabel": "vcluster.loft.sh/managed-by"}),
        other => panic!("{other} is not described"),
    };
    let case = Case::recorded(offloader).settings(settings);
    match mode {
        "home" => case,
        mode => case.set("/object/metadata/annotations/liqo.io~1api-server-support", json!(mode)),
    }
}

#[rstest]
fn outcome(
    #[values("admiralty", "k3k", "vcluster")] offloader: &str,
    #[values("home", "remote", "disabled")] mode: &str,
) {
    let outcome = case(offloader, mode).outcome();
    assert_snapshot("offloaders", &format!("{offloader}.{mode}"), &outcome.to_string());
}

/// What a container of the pod has at the path of the ServiceAccount.
fn credentials(pod: &Value) -> &Value {
    let at_path = |mount: &&Value| mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount";
    let mount = pod["spec"]["containers"][0]["volumeMounts"].as_array().unwrap().iter().find(at_path).unwrap();
    pod["spec"]["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == mount["name"]).unwrap()
}

/// Whether a mode does what it is for, in the words of the tables.
fn verdict(offloader: &str, mode: &str) -> &'static str {
    let case = case(offloader, mode);
    let outcome = case.outcome();
    if !outcome.answer.accepted {
        return "is rejected";
    }
    let after = case.object();
    let has_other_credentials = credentials(&outcome.before) != credentials(&after);
    match mode {
        // Liqo's ConfigMap, which no other offloader makes.
        _ if credentials(&after).to_string().contains("\"kube-root-ca.crt.milan\"") => "waits for a ConfigMap",
        "home" if has_other_credentials => "works, with `homeCredentialsSecret`",
        "home" => "not needed",
        "remote" if !outcome.answer.warnings.is_empty() => "does not",
        "disabled" if !has_other_credentials => "does not",
        _ => "works",
    }
}

/// The cells of the row of `docs/offloaders.md` with this beginning, but for Liqo's.
fn row(beginning: &str) -> Vec<String> {
    let text = read("docs/offloaders.md");
    let row = text.lines().find_map(|line| line.strip_prefix(&format!("| {beginning} | "))).expect("a row");
    row.trim_end_matches(" |").split(" | ").skip(1).map(str::to_owned).collect()
}

#[test]
fn the_table_is_true() {
    for mode in MODES {
        assert_eq!(row(mode), OFFLOADERS.map(|offloader| verdict(offloader, mode)), "{mode}");
    }
    let labels = OFFLOADERS.map(|offloader| case(offloader, "home").settings["originLabel"].clone());
    let named = row("label of the pod that names its home cluster");
    assert_eq!(json!(named.iter().map(|label| label.trim_matches('`')).collect::<Vec<_>>()), json!(labels));
}
