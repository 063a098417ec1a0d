//! What kwctl recorded of a policy and its cluster, for machines without one.
//!
//! `kwctl run --allow-context-aware --record-host-capabilities-interactions FILE` writes such a file: a list of requests,
//! each with the answer that it got. They are replayed in their order. Of the requests that kwctl knows this program
//! takes the one for a single resource, such as a Namespace.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde::Deserialize;

use crate::input::{self, InputError};

/// Recorded requests with their answers, of which each is given once. By default there are none, and a policy is granted
/// no access to a cluster.
#[derive(Debug, Default)]
pub struct Interactions {
    granted: bool,
    recorded: Mutex<VecDeque<(Resource, Response)>>,
    refusals: AtomicUsize,
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

/// What is asked for: in kwctl's file and in a policy's call the same.
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
    /// Reads what kwctl recorded, for a policy that was granted access or was not.
    pub fn load(path: &Path, origin: &str, granted: bool) -> Result<Self, InputError> {
        let invalid = |error| InputError::new(origin, format_args!("no recorded interactions: {error}"));
        let exchanges: Vec<Exchange> = serde_yaml::from_slice(&input::read(path, origin)?).map_err(invalid)?;
        let exchange = |Exchange { request, response }| {
            let Request::KubernetesGetResource(resource) = serde_yaml::from_str(&request)?;
            Ok((resource, response))
        };
        let recorded = exchanges.into_iter().map(exchange).collect::<Result<_, _>>().map_err(invalid)?;
        Ok(Self { granted, recorded: Mutex::new(recorded), refusals: AtomicUsize::new(0) })
    }

    /// Answers a call of a policy, as a function for [`Policy::with_host`](crate::Policy::with_host) does.
    pub fn answer(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if (namespace, operation) != ("kubernetes", "get_resource") {
            return Err(format!("the runner has no host capability {namespace}/{operation}"));
        }
        let asked: Resource = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        if !self.granted {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            // In the words of kwctl and policy-server.
            let Resource { api_version, kind, .. } = asked;
            return Err(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        // So kwctl and policy-server begin every reason that is the cluster's and not their own.
        self.replay(&asked).map_err(|reason| format!("Callback evaluation failure: {reason}"))
    }

    fn replay(&self, asked: &Resource) -> Result<Vec<u8>, String> {
        let next = self.recorded.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match next {
            None => Err(format!("no answer was recorded for {asked}")),
            Some((recorded, _)) if recorded != *asked => {
                Err(format!("the next answer was recorded for {recorded}, not for {asked}"))
            }
            Some((_, Response::Success { payload })) => Ok(payload.into_bytes()),
            Some((_, Response::Error { message })) => Err(message),
        }
    }

    /// How many recorded answers nobody has asked for.
    #[must_use]
    pub fn unused(&self) -> usize {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many requests found that the policy was granted no access.
    #[must_use]
    pub fn refusals(&self) -> usize {
        self.refusals.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api_version, kind, name, namespace, disable_cache, field_masks } = self;
        write!(f, "{api_version}/{kind} {name}")?;
        if let Some(namespace) = namespace {
            write!(f, " in namespace {namespace}")?;
        }
        if *disable_cache {
            f.write_str(" past the cache")?;
        }
        match field_masks {
            None => Ok(()),
            Some(fields) => write!(f, " with the fields {fields:?}"),
        }
    }
}
