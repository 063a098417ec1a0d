//! The policy's tests. Each case runs natively and on the module, through `support`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod api_server;
mod arriving;
mod clients;
mod home;
mod kubelet;
#[cfg(not(native_only))]
mod long_life;
mod many_clusters;
mod mode;
#[cfg(not(native_only))]
mod module;
mod parity;
mod properties;
mod recorded;
mod regressions;
mod requests;
mod settings;
mod stored;
mod support;
mod validity;
mod workloads;
