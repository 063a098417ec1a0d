//! The project's files as the tests read them.

use std::path::Path;

use serde_json::json;

use crate::support::{root, settings_problem};

/// The text of a file of the project.
#[track_caller]
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of a folder's files with this ending, without the ending.
pub(crate) fn names(folder: &str, ending: &str) -> Vec<String> {
    let files = root().join(folder).read_dir().expect("a folder").map(|file| file.expect("a file").file_name());
    let names = files.map(|name| name.into_string().expect("a name"));
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

/// Holds a text against its file in a folder of `test_data`.
pub(crate) fn assert_snapshot(folder: &str, name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => root().join("test_data").join(folder),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Holds a generated text against its file; `UPDATE_FILES=1 cargo test --test adoption` writes the file.
#[track_caller]
pub(crate) fn assert_generated(path: &str, text: &str) {
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(root().join(path), text).expect("a file");
    }
    assert_eq!(read(path), text, "UPDATE_FILES=1 cargo test --test adoption writes it");
}

/// The settings that the policy knows, in the order in which it lists them.
pub(crate) fn known_settings() -> Vec<String> {
    let problem = settings_problem(&json!({"?": null})).expect("an unknown setting is a problem");
    let known = problem.rsplit("known are ").next().expect("the known settings");
    known.split(", ").map(str::to_owned).collect()
}

/// The documents that users and contributors read.
pub(crate) fn documents() -> Vec<String> {
    let of_project = names("", ".md").into_iter().map(|name| format!("{name}.md"));
    of_project.chain(names("docs", ".md").into_iter().map(|name| format!("docs/{name}.md"))).collect()
}

/// The blocks of YAML in a text.
pub(crate) fn yaml_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next())
}

/// An entry of `docs/settings.md`.
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) default: String,
    /// The first paragraph.
    pub(crate) meaning: String,
    /// Settings as YAML.
    pub(crate) example: String,
}

/// The entries of `docs/settings.md`, in its order.
pub(crate) fn settings_page() -> Vec<Entry> {
    let page = read("docs/settings.md");
    let entries = page.split("\n## ").skip(1).map(|entry| {
        let mut paragraphs = entry.split("\n\n");
        let mut next = || paragraphs.next().expect("a paragraph").replace('\n', " ");
        let [heading, facts, meaning] = [next(), next(), next()];
        let (kind, default) = facts.split_once(". Default: ").expect("a default");
        Entry {
            key: heading.trim_matches('`').to_owned(),
            kind: kind.strip_prefix("Type: ").expect("a type").to_owned(),
            default: default.strip_suffix('.').expect("a full stop").to_owned(),
            meaning,
            example: yaml_blocks(entry).next().expect("an example").to_owned(),
        }
    });
    entries.collect()
}
