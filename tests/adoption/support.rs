//! What the tests share: the project's files, and the policy as it is built and as it is compiled here.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use runner::{Instance, Policy};
use serde_json::{Value, json};

/// The module that `make policy.wasm` builds, compiled once for all tests of a binary.
static MODULE: LazyLock<Policy> = LazyLock::new(|| {
    let path = root().join("policy.wasm");
    Policy::load(&path).unwrap_or_else(|error| panic!("{error} (run `make policy.wasm` first)"))
});

/// The folder of the project.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A new instance of the module.
pub(crate) fn instance() -> Instance {
    MODULE.instance().expect("the module starts")
}

/// The text of a file of the project.
#[track_caller]
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What both, the native code and the module, say of settings: nothing, or what is wrong.
#[track_caller]
pub(crate) fn settings_problem(settings: &Value) -> Option<String> {
    let settings = settings.to_string().into_bytes();
    let native = liqo_api_access_policy::validate_settings(&settings).err();
    let module = instance().call("validate_settings", &settings).expect("the module answers");
    let module: Value = serde_json::from_slice(&module).expect("an answer");
    assert_eq!(module, json!({"valid": native.is_none(), "message": native}));
    native
}

/// What both, the native code and the module, answer to a request.
#[track_caller]
pub(crate) fn evaluate(request: &Value, settings: &Value) -> Value {
    let payload = json!({"request": request, "settings": settings}).to_string().into_bytes();
    let native = liqo_api_access_policy::validate(&payload);
    let module = instance().call("validate", &payload).expect("the module answers");
    assert_eq!(String::from_utf8_lossy(&native), String::from_utf8_lossy(&module));
    serde_json::from_slice(&native).expect("an answer")
}

/// The settings that the policy knows, in the order in which it tells them.
pub(crate) fn known_settings() -> Vec<String> {
    let problem = settings_problem(&json!({"?": null})).expect("an unknown setting is a problem");
    let (_, known) = problem.split_once("no such setting; known are ").expect("the known settings");
    known.split(", ").map(str::to_owned).collect()
}

/// The recorded requests, each with its name.
pub(crate) fn recorded() -> Vec<(String, Value)> {
    let mut requests = Vec::new();
    for file in root().join("test_data/requests").read_dir().expect("the folder of requests") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        requests.push((name, serde_json::from_str(&read(&path)).expect("JSON")));
    }
    requests.sort_by(|(one, _), (other, _)| one.cmp(other));
    requests
}
