//! The documents hold together: every link leads somewhere, every chapter is in the index, settings in them are right.

use std::collections::BTreeSet;
use std::path::Path;

use crate::files::{documents, read, yaml_blocks};
use crate::support::{root, settings_problem};

/// A document without its blocks of code.
fn prose(document: &str) -> String {
    read(document).split("```").step_by(2).collect()
}

/// The anchors that GitHub gives to the headings of a document.
fn anchors(document: &str) -> BTreeSet<String> {
    let text = prose(document);
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
        })
        .collect()
}

/// The targets of the links in a document.
fn links(document: &str) -> Vec<String> {
    let text = prose(document);
    text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for document in documents() {
        let folder = Path::new(&document).parent().unwrap();
        for link in links(&document).iter().filter(|link| !link.contains("://")) {
            let (path, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(path, anchor)| (path, Some(anchor)));
            let target =
                if path.is_empty() { document.clone() } else { folder.join(path).to_str().unwrap().to_owned() };
            assert!(root().join(&target).exists(), "{document}: {link}");
            if let Some(anchor) = anchor {
                assert!(anchors(&target).contains(anchor), "{document}: {link}");
            }
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} links");
}

#[test]
fn the_index_names_every_chapter_and_every_manifest() {
    let named: BTreeSet<_> = links("docs/README.md").into_iter().collect();
    for file in root().join("docs").read_dir().unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_elsewhere = name == "README.md" || name.ends_with(".svg");
        assert!(is_elsewhere || named.contains(&name), "docs/README.md does not link to {name}");
    }
    for name in crate::manifests::files() {
        assert!(named.contains(&format!("../examples/{name}.yaml")), "docs/README.md does not link to {name}.yaml");
    }
}

#[test]
fn settings_in_the_guide_are_right() {
    let mut seen = 0;
    for document in documents() {
        for block in yaml_blocks(&read(&document)) {
            let value: serde_json::Value = serde_yaml::from_str(block).unwrap();
            // Other blocks are whole objects of Kubernetes.
            if value["kind"].is_null() {
                assert_eq!(settings_problem(&value), None, "{document}: {block}");
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "only {seen} blocks of settings");
}
