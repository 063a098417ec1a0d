//! What kwctl recorded of a policy and its cluster, for machines without one.
//!
//! `kwctl run --allow-context-aware --record-host-capabilities-interactions FILE` writes a list of requests with their
//! answers, which are replayed in their order. Of kwctl's requests the runner supports the one for a single resource,
//! such as a Namespace.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use anyhow::Result;
use serde::Deserialize;

use crate::report;

/// Recorded requests with their answers, each of which is given once.
#[derive(Default)]
pub(crate) struct Interactions(Mutex<VecDeque<(Resource, Response)>>);

#[derive(Deserialize)]
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
#[derive(PartialEq, Deserialize)]
struct Resource {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
    disable_cache: bool,
    field_masks: Option<BTreeSet<String>>,
}

impl Interactions {
    /// Reads what kwctl recorded.
    pub(crate) fn recorded(text: &str) -> Result<Self> {
        /// One entry of the file. Its request is a YAML document of its own.
        #[derive(Deserialize)]
        struct Exchange {
            request: String,
            response: Response,
        }

        let exchanges: Vec<Exchange> = serde_yaml::from_str(text)?;
        let recorded = exchanges.into_iter().map(|Exchange { request, response }| {
            let Request::KubernetesGetResource(resource) = serde_yaml::from_str(&request)?;
            Ok((resource, response))
        });
        Ok(Self(Mutex::new(recorded.collect::<Result<_>>()?)))
    }

    /// Answers a call of a policy, which was granted access to the cluster or was not.
    pub(crate) fn answer(&self, granted: bool, function: [&str; 3], payload: &[u8]) -> Result<Vec<u8>, String> {
        if function != ["kubewarden", "kubernetes", "get_resource"] {
            return Err(format!("the runner has no host capability {}", function.join("/")));
        }
        let requested: Resource = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let Resource { api_version, kind, name, .. } = &requested;
        if !granted {
            let options = "--allow-context-aware and --replay-host-capabilities-interactions";
            report("note", format_args!("{options}, or CLUSTER=FILE of `make run`, let the policy read resources"));
            // In the words of kwctl and policy-server.
            return Err(format!(
                "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
            ));
        }
        // So kwctl and policy-server begin every reason that is the cluster's and not their own.
        let failure = |reason: &str| Err(format!("Callback evaluation failure: {reason}"));
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            None => failure(&format!("no answer was recorded for {api_version}/{kind} {name}")),
            Some((recorded, _)) if recorded != requested => {
                failure(&format!("the next recorded answer is not for {api_version}/{kind} {name}"))
            }
            Some((_, Response::Success { payload })) => Ok(payload.into_bytes()),
            Some((_, Response::Error { message })) => failure(&message),
        }
    }
}
