//! The policy's engine for machines without kwctl: everything between an admission request in a
//! file and the answer that `kwctl run` would print for it.
//!
//! - [`engine`] reads a waPC module once and calls it, in fresh instances or in one that is kept;
//! - [`admission`] holds the request, the settings and the response, in the form kwctl gives them;
//! - [`input`] reads them from files, and says in one line which file is unusable and why;
//! - [`interactions`] replays what kwctl recorded of a cluster.
//!
//! The program interprets modules with wasmi, and so do the tests of the policy, through this library.
//! What goes to a guest and what is made of its answer is the same on every path: the payload
//! comes from [`AdmissionRequest::payload`], the response from [`AdmissionResponse::from_answer`].

pub mod admission;
pub mod engine;
pub mod input;
pub mod interactions;

pub use admission::{AdmissionRequest, AdmissionResponse, Settings, SettingsResponse};
pub use engine::{Instance, LoadError, Policy};
pub use input::InputError;
pub use interactions::Interactions;
pub use wapc::errors::Error as WapcError;
