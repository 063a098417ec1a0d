//! One instance of the module for very many evaluations, as `kwctl bench` keeps it, and requests of any size.

use runner::Policy;
use serde_json::{Value, json};

use crate::module::policy;
use crate::support::{Case, evaluate};

/// Linear memory grows by pages of this many bytes.
const PAGE: usize = 64 * 1024;

/// Requests of every outcome: changed in each mode, accepted, rejected, and not readable at all.
fn payloads() -> Vec<Vec<u8>> {
    let names =
        ["named-service-account", "remote-other-sa", "disabled", "delete", "generate-name", "unknown-annotation-value"];
    let recorded = names.into_iter().map(|name| Case::recorded(name).payload());
    recorded.chain([b"{\"request\":".to_vec(), b"\xff".to_vec(), Vec::new()]).collect()
}

/// The answers of one fresh instance to the payloads, over and over; `None` when its memory does not suffice.
fn answers(policy: &Policy, payloads: &[Vec<u8>], evaluations: usize) -> Option<Vec<Vec<u8>>> {
    let instance = policy.instance().ok()?;
    let payloads = payloads.iter().cycle().take(evaluations);
    let mut last = Vec::new();
    for (index, payload) in payloads.enumerate() {
        let answer = instance.call("validate", payload).ok()?;
        if index + 16 >= evaluations {
            last.push(answer);
        }
    }
    Some(last)
}

/// The fewest pages in which so many evaluations succeed.
fn pages(policy: &Policy, payloads: &[Vec<u8>], evaluations: usize) -> usize {
    let suffices = |pages: usize| {
        let policy = policy.with_memory_limit(pages * PAGE);
        answers(&policy, payloads, evaluations).is_some()
    };
    let (mut too_few, mut enough) = (0, 1024);
    assert!(suffices(enough), "64 MB suffice");
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        if suffices(middle) { enough = middle } else { too_few = middle }
    }
    enough
}

#[test]
fn memory_does_not_grow() {
    let payloads = payloads();
    let pages = pages(policy(), &payloads, 100);
    let limited = policy().with_memory_limit(pages * PAGE);
    let last = answers(&limited, &payloads, 100_000).expect("what suffices for a hundred evaluations suffices for all");
    // The answers are those of a fresh instance, whatever failed before.
    let first = answers(&limited, &payloads, payloads.len()).expect("answers");
    let index = |answer: usize| (100_000 - last.len() + answer) % payloads.len();
    for (answer, text) in last.iter().enumerate() {
        assert_eq!(text, &first[index(answer)]);
    }
}

/// The largest request that an API server takes is 3 MB.
#[test]
fn a_request_of_three_megabytes_is_answered() {
    let env: Vec<Value> = (0..1000)
        .map(|index| json!({"name": format!("V{index}"), "value": format!("$(KUBERNETES_SERVICE_HOST)\n{}", "x".repeat(2900))}))
        .collect();
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "env": env}], "serviceAccountName": "s"}});
    let case = Case::pod(pod).settings(json!({"homeApiServerHost": "h"}));
    let payload = case.payload();
    assert!(payload.len() > 2_900_000 && payload.len() < 3_145_728, "{}", payload.len());
    let env = case.object()["spec"]["containers"][0]["env"].as_array().expect("a list").len();
    assert_eq!(env, 1008);

    // Four times the request, and one megabyte more for the module itself.
    let pages = pages(policy(), std::slice::from_ref(&payload), 1);
    assert!(pages * PAGE <= 4 * payload.len() + 1024 * 1024 + PAGE, "{pages} pages");
    assert!(evaluate(&payload).starts_with(b"{\"accepted\":true"));
}

/// The smallest containers there are: what is kept of each must not be more than a little.
#[test]
fn a_million_containers_do_not_exhaust_memory() {
    let containers = vec![json!({}); 1_000_000];
    let case = Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": containers}}));
    let payload = case.payload();
    let pages = pages(policy(), std::slice::from_ref(&payload), 1);
    assert!(payload.len() > 3_000_000 && pages * PAGE <= 40_000_000, "{} bytes, {pages} pages", payload.len());
}

/// Real pods: what a fresh instance takes is at most five times the request, beside one megabyte for the module itself.
#[test]
fn memory_follows_the_request() {
    for name in ["plain-web", "tekton-taskrun", "large"] {
        let payload = Case::recorded(name).payload();
        let pages = pages(policy(), std::slice::from_ref(&payload), 1);
        assert!(
            pages * PAGE <= 5 * payload.len() + 1024 * 1024 + PAGE,
            "{name}: {} bytes, {pages} pages",
            payload.len()
        );
    }
}
