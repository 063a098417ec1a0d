//! What several files repeat agrees: name, version, description, license, rules, and where everything is published.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use kubewarden_policy_sdk::crd::policies::common::{BackgroundAudit, ContextAwareResource};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::files::{assert_generated, documents, names, read};
use crate::support::root;

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// `metadata.yml`, as far as other files repeat it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) rules: Vec<RuleWithOperations>,
    pub(crate) background_audit: BackgroundAudit,
    pub(crate) context_aware_resources: Vec<ContextAwareResource>,
    host_capabilities: Vec<String>,
    mutating: bool,
    annotations: BTreeMap<String, String>,
}

impl Metadata {
    pub(crate) fn read() -> Self {
        serde_yaml::from_str(&read("metadata.yml")).expect("the metadata")
    }

    /// Where the published module is, as manifests name it.
    pub(crate) fn module(&self) -> String {
        format!("registry://{}", self.image())
    }

    fn image(&self) -> String {
        format!("{}:v{}", self.annotation("ociUrl"), self.annotation("version"))
    }

    fn annotation(&self, name: &str) -> &str {
        &self.annotations[&format!("io.kubewarden.policy.{name}")]
    }
}

#[test]
fn metadata_says_what_the_package_does() {
    let metadata = Metadata::read();
    assert_eq!(metadata.annotation("title"), NAME);
    assert_eq!(metadata.annotation("version"), VERSION);
    assert_eq!(metadata.annotation("description"), env!("CARGO_PKG_DESCRIPTION"));
    assert_eq!(metadata.annotation("license"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(metadata.annotation("ociUrl"), format!("ghcr.io/{NAME}/{NAME}"));
    assert_eq!(metadata.annotation("url"), format!("https://github.com/{NAME}/{NAME}"));
    assert_eq!(metadata.annotation("source"), metadata.annotation("url"));
    assert!(metadata.mutating);
    assert_eq!(json!(metadata.context_aware_resources), json!([{"apiVersion": "v1", "kind": "Namespace"}]));
    assert_eq!(metadata.host_capabilities, ["kubernetes/get_resource"]);
    assert!(read("LICENSE").contains("Apache License\n                           Version 2.0"));
}

const KUBEWARDEN: &str = "https://artifacthub.io/packages/helm/kubewarden/admission-controller";

/// How to install the policy. kwctl's own text for this file creates a manifest without selectors.
const INSTALL: &str = "\
Start from a manifest in [examples](https://github.com/liqo-api-access-policy/liqo-api-access-policy/tree/main/examples), \
usually `one-home-cluster.yaml`, replace the cluster id and the settings by yours, and apply it in the foreign cluster:

```console
kubectl apply -f one-home-cluster.yaml
kubectl wait --for=condition=PolicyActive --timeout=2m clusteradmissionpolicy/liqo-api-access-milan
```

Keep both of its selectors. A manifest from `kwctl scaffold manifest` or Rancher's form selects all pods, not only offloaded \
ones: the cluster's own pods would lose their ServiceAccounts.
";

fn text(value: &impl serde::Serialize) -> serde_yaml::Value {
    serde_yaml::to_string(value).unwrap().into()
}

/// A mapping in this order.
fn ordered<const N: usize>(members: [(&str, serde_yaml::Value); N]) -> serde_yaml::Value {
    serde_yaml::Value::Mapping(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// A rule in kwctl's order.
fn rule(rule: &RuleWithOperations) -> serde_yaml::Value {
    let rule = serde_yaml::to_value(rule).unwrap();
    ordered(["apiGroups", "apiVersions", "resources", "operations"].map(|key| (key, rule[key].clone())))
}

/// `artifacthub-pkg.yml`, as `kwctl scaffold artifacthub` writes it except for installation, provider and recommendation.
fn package(created_at: serde_yaml::Value) -> serde_yaml::Value {
    let metadata = Metadata::read();
    let (owner, email) = metadata.annotation("author").trim_end_matches('>').split_once(" <").unwrap();
    let of_project = |name: &str| metadata.annotation(name).into();
    let of_hub = |name: &str| metadata.annotations[&format!("io.artifacthub.{name}")].clone();
    let policy = format!("{}/releases/download/v{VERSION}/policy.wasm", metadata.annotation("url"));
    let link = |name: &str, url: serde_yaml::Value| ordered([("name", name.into()), ("url", url)]);
    ordered([
        ("version", VERSION.into()),
        ("name", NAME.into()),
        ("displayName", of_hub("displayName").into()),
        ("createdAt", created_at),
        ("description", of_project("description")),
        ("license", of_project("license")),
        ("homeURL", of_project("url")),
        ("containersImages", vec![ordered([("name", "policy".into()), ("image", metadata.image().into())])].into()),
        ("keywords", of_hub("keywords").split(", ").collect::<Vec<_>>().into()),
        ("links", vec![link("policy", policy.into()), link("source", of_project("source"))].into()),
        ("install", INSTALL.into()),
        ("maintainers", vec![ordered([("name", owner.into()), ("email", email.into())])].into()),
        ("provider", ordered([("name", owner.into())])),
        ("recommendations", vec![ordered([("url", KUBEWARDEN.into())])].into()),
        (
            "annotations",
            ordered([
                ("kubewarden/contextAwareResources", text(&metadata.context_aware_resources)),
                ("kubewarden/mutation", metadata.mutating.to_string().into()),
                ("kubewarden/questions-ui", read("questions-ui.yml").into()),
                ("kubewarden/resources", of_hub("resources").into()),
                ("kubewarden/rules", text(&metadata.rules.iter().map(rule).collect::<Vec<_>>())),
            ]),
        ),
    ])
}

/// A new version gets its date by hand.
#[test]
fn the_description_for_artifact_hub_is_generated() {
    let present: serde_yaml::Value = serde_yaml::from_str(&read("artifacthub-pkg.yml")).unwrap();
    let package = serde_yaml::to_string(&package(present["createdAt"].clone())).unwrap();
    assert_generated("artifacthub-pkg.yml", &package);
}

/// Artifact Hub lets those claim a repository who stand as owners in it: the maintainers of the package.
#[test]
fn artifact_hub_knows_the_owners() {
    let [repository, package]: [Value; 2] =
        ["artifacthub-repo.yml", "artifacthub-pkg.yml"].map(|file| serde_yaml::from_str(&read(file)).unwrap());
    assert_eq!(repository, json!({"owners": package["maintainers"]}));
    let owner = &repository["owners"][0];
    let author = format!("{} <{}>", owner["name"].as_str().unwrap(), owner["email"].as_str().unwrap());
    assert_eq!(author, Metadata::read().annotation("author"));
}

#[test]
fn the_changelog_begins_with_this_version() {
    let changelog = read("CHANGELOG.md");
    let heading = changelog.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    let (version, date) = heading.split_once(" - ").unwrap();
    assert_eq!(version, format!("[{VERSION}]"));
    let is_date = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    assert!(is_date || date == "Unreleased", "{date}");
    let link = format!("\n[{VERSION}]: {}/releases/tag/v{VERSION}\n", Metadata::read().annotation("url"));
    assert!(changelog.contains(&link));
}

/// Wherever the image stands with a tag, it is this version's.
#[test]
fn every_document_names_this_version() {
    let metadata = Metadata::read();
    let image = metadata.annotation("ociUrl");
    let examples = crate::manifests::files().into_iter().map(|name| format!("examples/{name}.yaml"));
    let mut named = 0;
    for file in documents().into_iter().chain(examples) {
        for reference in read(&file).split(image).skip(1).filter_map(|after| after.strip_prefix(':')) {
            let tag: String = reference.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
            assert_eq!(tag, format!("v{VERSION}"), "{file}");
            named += 1;
        }
    }
    assert!(named > 5);
}

/// A step of a workflow that somebody else wrote is known by its digest.
#[test]
fn actions_are_pinned() {
    for name in names(".github/workflows", ".yml") {
        let file = format!(".github/workflows/{name}.yml");
        let text = read(&file);
        let _: Value = serde_yaml::from_str(&text).unwrap();
        let steps = text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action));
        for action in steps.filter(|action| !action.starts_with("./")) {
            let (_, version) = action.split_once('@').unwrap();
            let (digest, tag) = version.split_once(" # v").unwrap_or_else(|| panic!("{file}: {action}"));
            assert!(digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{file}: {action}");
            assert!(tag.split('.').all(|number| number.parse::<u32>().is_ok()), "{file}: {action}");
        }
    }
    let release: Value = serde_yaml::from_str(&read(".github/workflows/release.yml")).unwrap();
    assert_eq!(release["permissions"], json!({}));
    assert_eq!(release["jobs"]["publish"]["env"]["IMAGE"], Metadata::read().annotation("ociUrl"));
    let read_only = json!({"contents": "read"});
    let publishes = json!({"attestations": "write", "contents": "write", "id-token": "write", "packages": "write"});
    for (job, rights) in [("test", &read_only), ("build", &read_only), ("publish", &publishes)] {
        assert_eq!(release["jobs"][job]["permissions"], *rights);
    }
}

/// The notes of a release are the section of the changelog, which must have got its date.
#[test]
fn release_notes_come_from_the_changelog() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release-notes");
    std::fs::create_dir_all(folder.join(".ci")).unwrap();
    for file in [".ci/release-notes", "metadata.yml"] {
        std::fs::copy(root().join(file), folder.join(file)).unwrap();
    }
    let notes = |changelog: &str| {
        std::fs::write(folder.join("CHANGELOG.md"), changelog).unwrap();
        let output = Command::new(folder.join(".ci/release-notes")).output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.success(), stdout, stderr)
    };
    let changelog =
        |date: &str| format!("# Changelog\n\n## [{VERSION}] - {date}\n\nNew.\n\n## [0.0.1] - 2026-01-01\n\nOld.\n");
    assert_eq!(notes(&changelog("2026-01-31")), (true, "\nNew.\n\n".to_owned(), String::new()));
    let message = format!("CHANGELOG.md has no section with a date for version {VERSION}\n");
    assert_eq!(notes(&changelog("Unreleased")), (false, String::new(), message));
}
