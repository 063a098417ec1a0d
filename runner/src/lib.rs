//! Runs a waPC policy in the interpreter wasmi, on machines without kwctl.
//!
//! [`Policy`] reads a module and starts instances of it. The program `runner`, the tests of the policy and its benchmarks
//! call the module through this library.

mod imports;
mod policy;

pub use policy::{Instance, Policy};
pub use wapc::errors::Error as WapcError;
