//! The runner from the outside: its two commands and its library, on small guests made here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod command;
mod engine;
mod explain;
mod guest;
mod input;
mod interactions;
mod run;
