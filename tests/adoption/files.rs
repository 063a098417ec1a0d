//! The project's files as the tests read them.

use std::path::Path;

use crate::support::{root, settings_problem};

/// The text of a file of the project.
#[track_caller]
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The settings that the policy knows, in the order in which it tells them.
pub(crate) fn known_settings() -> Vec<String> {
    let problem = settings_problem(b"{\"?\": null}").expect("an unknown setting is a problem");
    let (_, known) = problem.split_once("no such setting; known are ").expect("the known settings");
    known.split(", ").map(str::to_owned).collect()
}

/// The names of the recorded requests.
pub(crate) fn recorded_requests() -> Vec<String> {
    let files = root().join("test_data/requests").read_dir().expect("the folder of requests");
    let paths = files.map(|file| file.expect("a file").path());
    let requests = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    requests.map(|path| path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned()).collect()
}

/// The documents that users and contributors read.
pub(crate) fn documents() -> Vec<String> {
    let in_folder = |folder: &str| {
        let files = root().join(folder).read_dir().expect("a folder").map(|file| file.expect("a file").file_name());
        let names = files.map(|name| name.into_string().expect("a name")).filter(|name| name.ends_with(".md"));
        names.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }).collect::<Vec<_>>()
    };
    ["", "docs"].into_iter().flat_map(in_folder).collect()
}
