//! Runs the policy on machines without kwctl, and answers as `kwctl run` does.
//!
//! - [`Policy`] reads a waPC module and calls it, in fresh instances or in one that is kept;
//! - [`AdmissionRequest`], [`Settings`] and [`AdmissionResponse`] are what goes to the policy and what comes back;
//! - [`input`] reads requests and settings from files;
//! - [`Interactions`] replays what kwctl recorded of a cluster.
//!
//! The tests of the policy run the module through this library.

mod imports;
pub mod input;
mod interactions;
mod policy;
mod request;
mod response;

pub use input::{InputError, Settings};
pub use interactions::Interactions;
pub use policy::{Instance, LoadError, Policy};
pub use request::{AdmissionRequest, RequestError};
pub use response::{AdmissionResponse, SettingsResponse, Status};
pub use wapc::errors::Error as WapcError;
