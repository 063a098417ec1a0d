//! The policy's tests: everything natively, and what was recorded, once went wrong or is made at random on the module too.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod api_server;
mod cases;
mod clients;
mod credentials;
mod environment;
mod kubelet;
mod limits;
mod module;
mod parity;
mod pods;
mod properties;
mod requests;
mod settings;
mod support;
