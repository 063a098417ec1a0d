//! Every request that was recorded from a real API server, under different settings, with its exact outcome.

use std::path::PathBuf;

use crate::support::{Case, root};
use rstest::rstest;
use serde_json::{Value, json};

/// Settings that a user would have: the defaults, everything about the home API server, and credentials of one's own.
pub(crate) fn settings() -> [(&'static str, Value); 3] {
    let full = json!({
        "homeApiServerHost": "api.milan.example.org",
        "homeApiServerPort": 6443,
        "homeApiServerAddresses": ["10.80.0.5", "fd00:80::5"],
        "homeClusterId": "milan",
        "defaultMode": "home",
        "allowedModes": ["home", "remote", "disabled"],
        "allowedRemoteServiceAccounts": ["foreign-reporter", "inventory", "batch-runner"],
        "validateOnly": false,
    });
    let own_secret = json!({"homeApiServerAddresses": ["10.80.0.5"], "homeCredentialsSecret": "home-api"});
    [("defaults", json!({})), ("full", full), ("own-secret", own_secret)]
}

#[rstest]
fn outcome(#[files("test_data/requests/*.json")] path: PathBuf) {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
    for (variant, settings) in settings() {
        let outcome = Case::recorded(name).settings(settings).outcome();
        insta::with_settings!({
            snapshot_path => root().join("test_data/outcomes"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("{name}.{variant}"), outcome.to_string());
        });
    }
}
