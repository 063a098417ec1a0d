//! One sample of each message, held against `docs/messages.md`.

use crate::mode::AccessMode;
use crate::rejection::Rejection;
use crate::warning::Warning;

/// A name longer than any message shows.
fn long() -> String {
    "n".repeat(300)
}

/// One of each rejection. Who adds a variant adds it here: the match knows them all.
fn rejections() -> Vec<Rejection> {
    let (path, allowed, name) = (|| "spec.x".to_owned(), || "a, b".to_owned(), long);
    let error = serde_json::from_str::<u8>("").expect_err("no number");
    let samples = vec![
        Rejection::NotText { at: 1 },
        Rejection::NotJson(error),
        Rejection::Settings { problems: allowed() },
        Rejection::Shape { path: path(), expected: "an object", found: "a list" },
        Rejection::UnknownMode { path: path(), value: name(), expected: path(), question: String::new() },
        Rejection::HomeIsDefault { path: path() },
        Rejection::ModeNotAllowed { path: path(), mode: AccessMode::Home, allowed: allowed() },
        Rejection::ServiceAccountName { path: path(), value: name() },
        Rejection::ServiceAccountNotAllowed { path: path(), name: name(), allowed: allowed(), hint: "" },
        Rejection::KeptServiceAccountNotAllowed { path: path(), name: name(), allowed: allowed() },
        Rejection::OtherOrigin { key: path(), label: name(), setting: name() },
        Rejection::ForgedLabel { key: path(), label: name(), namespace: name() },
        Rejection::OtherNamespace { name: name(), origin: name(), setting: name() },
        Rejection::NamespaceLookup { name: name(), reason: name() },
        Rejection::OriginUnknown { known: 2 },
        Rejection::NamespaceWithoutOrigin { known: 2 },
        Rejection::OriginWithoutEntry { origin: name(), known: 2 },
        Rejection::NameNeeded,
        Rejection::LongSecretName,
        Rejection::TooMany { path: path(), limit: 63, what: "characters" },
        Rejection::ForgedForHome { path: path() },
        Rejection::LeadsHome { path: path() },
        Rejection::SeveralApiServers { endpoints: vec![name()], setting: "homeApiServerHost" },
        Rejection::PathTaken { path: path() },
        Rejection::NotAsLeft { path: path(), problem: "is not true" },
        Rejection::Strict { problems: allowed() },
    ];
    for sample in &samples {
        match sample {
            Rejection::NotText { .. }
            | Rejection::NotJson(_)
            | Rejection::Settings { .. }
            | Rejection::Shape { .. }
            | Rejection::UnknownMode { .. }
            | Rejection::HomeIsDefault { .. }
            | Rejection::ModeNotAllowed { .. }
            | Rejection::ServiceAccountName { .. }
            | Rejection::ServiceAccountNotAllowed { .. }
            | Rejection::KeptServiceAccountNotAllowed { .. }
            | Rejection::OtherOrigin { .. }
            | Rejection::ForgedLabel { .. }
            | Rejection::OtherNamespace { .. }
            | Rejection::NamespaceLookup { .. }
            | Rejection::OriginUnknown { .. }
            | Rejection::NamespaceWithoutOrigin { .. }
            | Rejection::OriginWithoutEntry { .. }
            | Rejection::NameNeeded
            | Rejection::LongSecretName
            | Rejection::TooMany { .. }
            | Rejection::ForgedForHome { .. }
            | Rejection::LeadsHome { .. }
            | Rejection::SeveralApiServers { .. }
            | Rejection::PathTaken { .. }
            | Rejection::NotAsLeft { .. }
            | Rejection::Strict { .. } => {}
        }
    }
    samples
}

/// One of each warning.
fn warnings() -> Vec<Warning> {
    let (name, meant) = (long, "liqo.io/remote-service-account-name");
    let key = format!("{}-3c469e", "v".repeat(63));
    let samples = vec![
        Warning::NameIgnored { mode: AccessMode::Disabled },
        Warning::Misplaced { annotation: meant, path: "spec.jobTemplate.metadata" },
        Warning::MisspeltAnnotation { key: name(), meant },
        Warning::HomeIsForeign { host: name() },
        Warning::NameIsForeign { name: name() },
        Warning::NamesDiffer { name: name(), other: name() },
        Warning::VariablesDiffer { named: name() },
        Warning::AliasElsewhere { name: name() },
        Warning::HostsMounted { container: name() },
        Warning::UnknownCredentials { volume: name() },
        Warning::AudienceRemoved { audience: name(), volume: name() },
        Warning::ReflectedSecret { name: name() },
        Warning::TokenKey { secret: name(), key: key.clone() },
        Warning::LateToken { secret: name(), key },
        Warning::UnknownHomeCluster,
        Warning::NoToken { volume: name() },
    ];
    for sample in &samples {
        match sample {
            Warning::NameIgnored { .. }
            | Warning::Misplaced { .. }
            | Warning::MisspeltAnnotation { .. }
            | Warning::HomeIsForeign { .. }
            | Warning::NameIsForeign { .. }
            | Warning::NamesDiffer { .. }
            | Warning::VariablesDiffer { .. }
            | Warning::AliasElsewhere { .. }
            | Warning::HostsMounted { .. }
            | Warning::UnknownCredentials { .. }
            | Warning::AudienceRemoved { .. }
            | Warning::ReflectedSecret { .. }
            | Warning::TokenKey { .. }
            | Warning::LateToken { .. }
            | Warning::UnknownHomeCluster
            | Warning::NoToken { .. } => {}
        }
    }
    samples
}

/// Whether a message is what a heading describes, where `…` stands for any text.
fn describes(heading: &str, message: &str) -> bool {
    let Some((start, rest)) = heading.split_once('…') else { return heading == message };
    let Some(after) = message.strip_prefix(start) else { return false };
    (0..=after.len()).filter(|at| after.is_char_boundary(*at)).any(|at| describes(rest, after.split_at(at).1))
}

#[test]
fn each_message_is_documented() {
    let document = include_str!("../docs/messages.md");
    let headings: Vec<_> = document.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let rejections = rejections().into_iter().map(|rejection| rejection.to_string());
    for message in rejections.chain(warnings().iter().map(Warning::to_string)) {
        let specific = headings.iter().filter(|heading| describes(heading, &message)).count();
        assert!(specific > 0, "docs/messages.md does not explain: {message}");
    }
}

/// Source: the documentation of `Warning` headers in the API of admission webhooks.
#[test]
fn each_warning_fits_in_120_characters() {
    for warning in warnings() {
        let text = warning.to_string();
        assert!(text.chars().count() <= 120, "{} characters: {text}", text.chars().count());
    }
}
