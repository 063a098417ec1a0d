//! What kwctl recorded of a policy and its cluster, for machines without one.
//!
//! `kwctl run --allow-context-aware --record-host-capabilities-interactions FILE` writes a list of requests with their
//! answers, which are replayed in their order. Of kwctl's requests the runner supports the one for a single resource,
//! such as a Namespace.

use std::{
    collections::{BTreeSet, VecDeque},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Deserialize;

use crate::input::{self, InputError};

/// Recorded requests with their answers, each of which is given once. By default there are none, and a policy is granted
/// no access to a cluster.
#[derive(Debug, Default)]
pub struct Interactions {
    granted: bool,
    session: Mutex<Session>,
}

#[derive(Debug, Default)]
struct Session {
    recorded: VecDeque<(Resource, Response)>,
    refused: bool,
}

/// One entry of the file. Its request is a YAML document of its own.
#[derive(Deserialize)]
struct Exchange {
    request: String,
    response: Response,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

#[derive(Deserialize)]
enum Request {
    KubernetesGetResource(Resource),
}

/// What is requested, in kwctl's file and in a policy's call.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Resource {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
    disable_cache: bool,
    field_masks: Option<BTreeSet<String>>,
}

impl Interactions {
    /// Reads what kwctl recorded, for a policy that was granted access or was not. `origin` names the file in errors.
    pub fn load(path: &Path, origin: &str, granted: bool) -> Result<Self, InputError> {
        let invalid = |error| InputError::new(origin, format_args!("not a recording of kwctl: {error}"));
        let exchanges: Vec<Exchange> = serde_yaml::from_slice(&input::read(path, origin)?).map_err(invalid)?;
        let exchange = |Exchange { request, response }| {
            let Request::KubernetesGetResource(resource) = serde_yaml::from_str(&request)?;
            Ok((resource, response))
        };
        let recorded = exchanges.into_iter().map(exchange).collect::<Result<_, _>>().map_err(invalid)?;
        Ok(Self { granted, session: Mutex::new(Session { recorded, refused: false }) })
    }

    /// Answers a call of a policy, as a function for [`Policy::with_host`](crate::Policy::with_host) does.
    pub fn answer(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if (namespace, operation) != ("kubernetes", "get_resource") {
            return Err(format!("the runner has no host capability {namespace}/{operation}"));
        }
        let requested: Resource = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let mut session = self.session();
        if !self.granted {
            session.refused = true;
            // In the words of kwctl and policy-server.
            let Resource { api_version, kind, .. } = requested;
            return Err(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        // So kwctl and policy-server begin every reason that is the cluster's and not their own.
        session.replay(&requested).map_err(|reason| format!("Callback evaluation failure: {reason}"))
    }

    /// Whether there are recorded answers that were not requested.
    #[must_use]
    pub fn has_unused(&self) -> bool {
        !self.session().recorded.is_empty()
    }

    /// Whether a request was refused because the policy was granted no access.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.session().refused
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn replay(&mut self, requested: &Resource) -> Result<Vec<u8>, String> {
        let Resource { api_version, kind, name, .. } = requested;
        match self.recorded.pop_front() {
            None => Err(format!("no answer was recorded for {api_version}/{kind} {name}")),
            Some((recorded, _)) if recorded != *requested => {
                Err(format!("the next recorded answer is not for {api_version}/{kind} {name}"))
            }
            Some((_, Response::Success { payload })) => Ok(payload.into_bytes()),
            Some((_, Response::Error { message })) => Err(message),
        }
    }
}
