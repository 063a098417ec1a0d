//! The policy's tests. Each case runs natively and on the module, through `support`.

mod home;
mod mode;
mod parity;
mod properties;
mod recorded;
mod requests;
mod settings;
mod support;
mod workloads;
