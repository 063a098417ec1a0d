//! What is timed: the policy, and the guests that it is compared with.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use runner::{Engine, Policy};

use crate::pods::Pod;

/// A guest whose figures stand in a column of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guest {
    /// The policy.
    Policy,
    /// Gives the policy's answer to this pod as a constant: what a policy costs that does nothing itself.
    Echo,
    /// Accepts as a constant: what asking any policy costs.
    Accept,
    /// Reads the pod into the types of the Kubernetes API and writes it again.
    Typed,
    /// Reads the request into nothing.
    Ignored,
}

impl Guest {
    pub(crate) const ALL: [Self; 5] = [Self::Policy, Self::Echo, Self::Accept, Self::Typed, Self::Ignored];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Echo => "echo",
            Self::Accept => "accept",
            Self::Typed => "typed",
            Self::Ignored => "ignored",
        }
    }
}

/// The guests that are the same for each pod.
pub(crate) struct References {
    accept: Policy,
    typed: Policy,
    ignored: Policy,
}

impl References {
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        Ok(Self {
            accept: constant(br#"{"accepted":true}"#)?,
            typed: Policy::load(Engine::Wasmtime, &folder.join("typed.wasm"))?,
            ignored: Policy::load(Engine::Wasmtime, &folder.join("ignored.wasm"))?,
        })
    }

    /// The guests for one pod, in the order of [`Guest::ALL`].
    pub(crate) fn with(&self, policy: &Policy, pod: &Pod) -> Result<[Policy; Guest::ALL.len()]> {
        let payload = pod.request.payload(&pod.settings);
        let echo = constant(&policy.instance()?.call("validate", &payload)?)?;
        let guests = Guest::ALL.map(|guest| match guest {
            Guest::Policy => policy.clone(),
            Guest::Echo => echo.clone(),
            Guest::Accept => self.accept.clone(),
            Guest::Typed => self.typed.clone(),
            Guest::Ignored => self.ignored.clone(),
        });
        for (guest, name) in guests.iter().zip(Guest::ALL.map(Guest::name)) {
            let response = guest.instance()?.validate(&pod.request, &pod.settings);
            ensure!(response.allowed, "{name} rejects {}: {:?}", pod.name, response.status);
        }
        Ok(guests)
    }
}

/// A guest that always gives this answer.
fn constant(answer: &[u8]) -> Result<Policy> {
    const TEMPLATE: &str = include_str!("../guests/constant.wat");
    /// Room for the largest request, in pages of 64 kB.
    const REQUEST: usize = 64;
    let pages = answer.len().div_ceil(64 * 1024) + REQUEST;
    let mut escaped = String::with_capacity(answer.len() * 3);
    for byte in answer {
        write!(escaped, "\\{byte:02x}")?;
    }
    let text = TEMPLATE
        .replace("{pages}", &pages.to_string())
        .replace("{length}", &answer.len().to_string())
        .replace("{answer}", &escaped);
    Ok(Policy::from_bytes(Engine::Wasmtime, &wat::parse_str(text)?)?)
}
