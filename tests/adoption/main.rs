//! What a user needs to adopt the policy is true and in step with the code: manifests, guide, schema and metadata.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod files;
mod forms;
mod guards;
mod guide;
#[path = "../policy/kubelet.rs"]
#[allow(dead_code, reason = "the policy's tests use more of it")]
mod kubelet;
mod manifests;
mod messages;
mod metadata;
mod offloaders;
mod settings_schema;
#[path = "../policy/support.rs"]
#[allow(dead_code, reason = "the policy's tests use more of it")]
mod support;
