//! Checked views of the object under review: the only place that defines what shape a field must have.
//!
//! Views borrow from the parsed JSON. A field of another shape than it must have is a rejection that names its path.

pub(crate) mod containers;
pub(crate) mod fields;
pub(crate) mod files;
pub(crate) mod host_aliases;
pub(crate) mod mounts;
pub(crate) mod path;
pub(crate) mod service_account;
pub(crate) mod volumes;
