//! The policy's tests. Each case runs natively and on the module, through `support`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod home;
mod long_life;
mod mode;
mod parity;
mod properties;
mod recorded;
mod regressions;
mod requests;
mod settings;
mod support;
mod validity;
mod workloads;
