//! Checked views of the object under review: the only place that defines what shape a field must have.
//!
//! Views borrow from the parsed JSON. A field of another shape than it must have is a rejection that names its path.

mod containers;
mod fields;
mod files;
mod host_aliases;
mod mounts;
pub(crate) mod path;
mod volumes;

pub(crate) use containers::{Container, EnvVar, containers, edit_containers, is_foreign};
pub(crate) use fields::{
    Fields, Object, fragment, items_mut, json_type, keep, list_or_new, object_mut, object_or_new, required, retain,
    string,
};
pub(crate) use files::normalized;
pub(crate) use host_aliases::HostAlias;
pub(crate) use mounts::{ApiVolume, Mounts, SERVICE_ACCOUNT_PATH, TOKEN, is_api_token};
pub(crate) use path::{Path, SPEC};
pub(crate) use volumes::{
    CA, Item, ProjectedVolume, ROOT_CA, Source, TOKEN_SECONDS, Volume, Volumes, edit_projected_volumes, member_mut,
    set_source_name,
};
