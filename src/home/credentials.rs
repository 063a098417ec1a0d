//! Token and certificates in mode home: projected volumes show those of the home cluster.
//!
//! They come from the objects that Liqo reflects, or, with `homeCredentialsSecret`, from one Secret of the user's own.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::fields::{as_object, list_or_new, required_string, string_of};
use crate::json::{Object, Value};
use crate::liqo;
use crate::outcome::{Reason, Rejection, Warning, Warnings};
use crate::path::Path;
use crate::pod::{self, ApiMounts, Context, SERVICE_ACCOUNT_PATH};
use crate::volumes::{self, Projected, Source, SourceKind, TOKEN, is_at};

/// The file with the CA certificates, and the key they have in a Secret and in [`liqo::ROOT_CA`].
const CA: &str = "ca.crt";

/// The name of the volume that is added where the API server added none.
const VOLUME: &str = "kube-api-access-home";

/// The volume that the API server would have added.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
const API_ACCESS: &str = concat!(
    r#"{"defaultMode":420,"sources":["#,
    r#"{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},"#,
    r#"{"configMap":{"items":[{"key":"ca.crt","path":"ca.crt"}],"name":"kube-root-ca.crt"}},"#,
    r#"{"downwardAPI":{"items":[{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"},"path":"namespace"}]}}]}"#,
);

/// Adds a volume like the API server's own to a pod that names no ServiceAccount, and mounts it in each container that
/// has nothing mounted at the path; a pod that opted out stays without. [`apply`] then turns it to the home cluster.
pub(crate) fn add_volume(spec: &mut Object, path: Path, mounts: &mut ApiMounts) -> Result<bool, Rejection> {
    let opted_out = spec.get("automountServiceAccountToken").and_then(Value::text) == Some("false");
    if opted_out || !mounts.bare.contains(&true) {
        return Ok(false);
    }
    let volumes = list_or_new(spec, "volumes", path)?;
    let volumes_path = path.member("volumes");
    let mut taken = BTreeSet::new();
    for (index, volume) in volumes.iter_mut().enumerate() {
        let path = volumes_path.item(index);
        taken.extend(string_of(as_object(volume, path)?, "name", path)?);
    }
    let mut name = VOLUME.to_owned();
    let mut number = 1;
    while taken.contains(name.as_str()) {
        number += 1;
        name = format!("{VOLUME}-{number}");
    }
    volumes.push(Value::object([("name", Value::string(&name)), ("projected", Value::Text(API_ACCESS))]));

    let mut bare = std::mem::take(&mut mounts.bare).into_iter();
    for list in pod::CONTAINER_LISTS {
        pod::containers(spec, path, list, &mut |container, path| {
            if bare.next() == Some(true) {
                list_or_new(container, "volumeMounts", path)?.push(Value::object([
                    ("mountPath", Value::string(SERVICE_ACCOUNT_PATH)),
                    ("name", Value::string(&name)),
                    ("readOnly", Value::Text("true")),
                ]));
            }
            Ok(())
        })?;
    }
    mounts.volumes.insert(Cow::Owned(name));
    Ok(true)
}

/// Turns the projected volumes of a pod to the home cluster, and tells whether that changed anything.
pub(crate) fn apply(
    spec: &mut Object,
    path: Path,
    context: &Context,
    mounts: &ApiMounts,
    warnings: &mut Warnings,
) -> Result<bool, Rejection> {
    let mut credentials = Credentials { context, warnings, had_reflected: false, wrote_reflected: false };
    let changed = volumes::projected(spec, path, &mut |volume| {
        let is_mounted = mounts.volumes.contains(&volume.name);
        credentials.volume(volume, is_mounted)
    })?;
    credentials.finish();
    Ok(changed)
}

/// The credentials of one pod while its volumes are turned, one after the other.
struct Credentials<'w, 'c> {
    context: &'w Context<'c>,
    warnings: &'w mut Warnings,
    /// Whether a source had Liqo's Secret before, and whether one got it.
    had_reflected: bool,
    wrote_reflected: bool,
}

/// What became of a source.
#[derive(Debug)]
enum Change {
    None,
    /// Its body was changed.
    Body,
    /// Its body, changed or not, belongs to a Secret now.
    ToSecret,
    /// It is a Secret with this body now.
    Secret(Value<'static>),
}

impl Credentials<'_, '_> {
    fn volume(&mut self, volume: Projected, is_mounted: bool) -> Result<bool, Rejection> {
        let Projected { name, path, sources } = volume;
        let mut changed = false;
        let mut provides_token = false;
        for (index, value) in sources.iter_mut().enumerate() {
            let path = path.item(index);
            let Some(mut source) = Source::of(value, path)? else { continue };
            let change = match source.kind {
                SourceKind::ServiceAccountToken => Change::Secret(self.token(&mut source, &name)?),
                SourceKind::Secret => self.secret(&mut source, is_mounted)?,
                SourceKind::ConfigMap => self.certificates(&mut source)?,
                SourceKind::Other => Change::None,
            };
            provides_token = provides_token || is_mounted && source.provides_token()?;
            let source = as_object(value, path)?;
            match change {
                Change::None => continue,
                Change::Body => {}
                Change::ToSecret => source.rename("configMap", "secret"),
                Change::Secret(body) => {
                    source.remove("serviceAccountToken");
                    source.set("secret", body);
                }
            }
            changed = true;
        }
        if is_mounted && !provides_token {
            match &self.context.settings.home_credentials_secret {
                Some(own) => {
                    sources.push(Value::object([("secret", projection(own, TOKEN, TOKEN))]));
                    changed = true;
                }
                None => self.warnings.add(Warning::NoToken { volume: name.into_owned() }),
            }
        }
        Ok(changed)
    }

    /// The Secret that takes the place of a token of the foreign cluster.
    fn token(&mut self, source: &mut Source, volume: &str) -> Result<Value<'static>, Rejection> {
        let shown_at = source.required_string("path")?;
        let reflected_key = || liqo::token_key(volume, &shown_at);
        let audience = source.string("audience")?.filter(|audience| !audience.is_empty());
        Ok(match &self.context.settings.home_credentials_secret {
            Some(own) if audience.is_some() => {
                self.needs_key(own, reflected_key());
                projection(own, &reflected_key(), &shown_at)
            }
            Some(own) => projection(own, TOKEN, &shown_at),
            None => {
                self.wrote_reflected = true;
                let secret = self.context.token_secret.as_deref().ok_or(Reason::NameNeeded)?;
                projection(secret, &reflected_key(), &shown_at)
            }
        })
    }

    /// Liqo's Secret becomes the user's own, where there is one: token and certificates come from one place.
    fn secret(&mut self, source: &mut Source, is_mounted: bool) -> Result<Change, Rejection> {
        if !source.is_named(SourceKind::Secret, self.context.token_secret.as_deref())? {
            return Ok(Change::None);
        }
        self.had_reflected = true;
        let own = self.context.settings.home_credentials_secret.as_ref();
        let Some(own) = own.filter(|own| Some(*own) != self.context.token_secret.as_ref()) else {
            return Ok(Change::None);
        };
        let mut changed = source.body.set_string("name", own);
        source.items(&mut |item, path| {
            if is_mounted && is_at(item, "path", path, TOKEN)? {
                changed |= item.set_string("key", TOKEN);
            } else {
                self.needs_key(own, required_string(item, "key", path)?.into_owned());
            }
            Ok(())
        })?;
        Ok(if changed { Change::Body } else { Change::None })
    }

    /// The foreign cluster's certificates become the home cluster's.
    fn certificates(&mut self, source: &mut Source) -> Result<Change, Rejection> {
        let is_foreign = source.is_named(SourceKind::ConfigMap, Some(liqo::ROOT_CA))?;
        let is_reflected = source.is_named(SourceKind::ConfigMap, self.context.root_ca.as_deref())?;
        match (&self.context.settings.home_credentials_secret, &self.context.root_ca) {
            (Some(own), _) if is_foreign || is_reflected => {
                source.body.set_string("name", own);
                if source.items(&mut |_, _| Ok(()))? == 0 {
                    source.body.set("items", Value::Array(vec![item(CA, CA)]));
                }
                Ok(Change::ToSecret)
            }
            (None, Some(reflected)) if is_foreign => {
                source.body.set_string("name", reflected);
                Ok(Change::Body)
            }
            (None, None) if is_foreign => {
                self.warnings.add(Warning::UnknownHomeCluster);
                Ok(Change::None)
            }
            _ => Ok(Change::None),
        }
    }

    fn needs_key(&mut self, secret: &str, key: String) {
        self.warnings.add(Warning::TokenKey { secret: secret.to_owned(), key });
    }

    /// With the virtual kubelet's API server support off nobody creates the Secret, and the pod waits for it.
    fn finish(self) {
        if let Some(name) = &self.context.token_secret
            && self.wrote_reflected
            && !self.had_reflected
        {
            self.warnings.add(Warning::ReflectedSecret { name: name.clone() });
        }
    }
}

/// A source of a projected volume that shows one key of a Secret.
fn projection(secret: &str, key: &str, path: &str) -> Value<'static> {
    Value::object([("items", Value::Array(vec![item(key, path)])), ("name", Value::string(secret))])
}

fn item(key: &str, path: &str) -> Value<'static> {
    Value::object([("key", Value::string(key)), ("path", Value::string(path))])
}
