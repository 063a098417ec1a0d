//! Token and certificates in mode home: projected volumes show those of the home cluster.
//!
//! They come from the objects that Liqo reflects, or, with `homeCredentialsSecret`, from one Secret of the user's own.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::{KeyToPath, SecretProjection, VolumeMount, VolumeProjection};

use crate::fields::{as_array, as_object, required_string, string_of};
use crate::json::{Object, Value};
use crate::liqo;
use crate::outcome::{Rejection, Warning};
use crate::path::Path;
use crate::pod::{self, ApiMounts, Context, SERVICE_ACCOUNT_PATH, warn_once};
use crate::volumes::{self, Projected, Source, SourceKind, TOKEN, is_at, provide_token, with_source};

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
    if opted_out || mounts.bare.is_empty() {
        return Ok(false);
    }
    if spec.present("volumes").is_none() {
        spec.set("volumes", Value::Array(Vec::new()));
    }
    let volumes_path = path.member("volumes");
    let Some(volumes) = spec.present_mut("volumes") else { return Ok(false) };
    let volumes = as_array(volumes, volumes_path)?;
    let mut taken = Vec::with_capacity(volumes.len());
    for (index, volume) in volumes.iter_mut().enumerate() {
        let path = volumes_path.item(index);
        taken.extend(string_of(as_object(volume, path)?, "name", path)?);
    }
    let names = (1..).map(|number| if number == 1 { VOLUME.to_owned() } else { format!("{VOLUME}-{number}") });
    let name = names.filter(|name| !taken.iter().any(|taken| taken == name)).take(1).collect::<String>();

    let mut volume = Object::default();
    volume.set_string("name", &name);
    volume.set("projected", Value::Text(API_ACCESS));
    volumes.push(Value::Object(volume));

    let mount = VolumeMount {
        mount_path: SERVICE_ACCOUNT_PATH.to_owned(),
        name: name.clone(),
        read_only: Some(true),
        ..VolumeMount::default()
    };
    for list in pod::CONTAINER_LISTS {
        pod::containers(spec, path, list, |index, container, path| {
            if mounts.bare.contains(&(list, index)) {
                if container.present("volumeMounts").is_none() {
                    container.set("volumeMounts", Value::Array(Vec::new()));
                }
                if let Some(mounts) = container.present_mut("volumeMounts") {
                    as_array(mounts, path.member("volumeMounts"))?.push(Value::new(&mount));
                }
            }
            Ok(())
        })?;
    }
    mounts.bare.clear();
    mounts.volumes.push(Cow::Owned(name));
    Ok(true)
}

/// Turns the projected volumes of a pod to the home cluster, and tells whether that changed anything.
pub(crate) fn apply(
    spec: &mut Object,
    path: Path,
    context: &Context,
    mounts: &ApiMounts,
    warnings: &mut Vec<Warning>,
) -> Result<bool, Rejection> {
    let mut writer = Writer { context, warnings, had_reflected: false, wrote_reflected: false };
    let changed = volumes::projected(spec, path, |volume| {
        let is_mounted = mounts.volumes.contains(&volume.name);
        writer.volume(volume, is_mounted)
    })?;
    writer.finish();
    Ok(changed)
}

/// Turns one volume after the other.
struct Writer<'w, 'c> {
    context: &'w Context<'c>,
    warnings: &'w mut Vec<Warning>,
    /// Whether a source had Liqo's Secret before, and whether one got it.
    had_reflected: bool,
    wrote_reflected: bool,
}

/// What became of a source.
#[derive(Debug, Default)]
enum Change<'a> {
    #[default]
    None,
    /// Its body was changed.
    Body,
    /// Its body, changed or not, belongs to a Secret now.
    ToSecret,
    /// It is a Secret with this body now.
    Secret(Value<'a>),
}

impl Writer<'_, '_> {
    fn volume(&mut self, volume: Projected, is_mounted: bool) -> Result<bool, Rejection> {
        let Projected { name, path, sources } = volume;
        let mut changed = false;
        for (index, value) in sources.iter_mut().enumerate() {
            let path = path.item(index);
            let change = with_source(value, path, |source| match source.kind {
                SourceKind::ServiceAccountToken => self.token(&source, &name).map(Change::Secret),
                SourceKind::Secret => self.secret(source, is_mounted),
                SourceKind::ConfigMap => self.certificates(source),
                SourceKind::Other => Ok(Change::None),
            })?;
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
        if is_mounted && !provide_token(sources, path)? {
            match &self.context.settings.home_credentials_secret {
                Some(own) => {
                    let secret = Some(projection(own, TOKEN, TOKEN));
                    sources.push(Value::new(&VolumeProjection { secret, ..VolumeProjection::default() }));
                    changed = true;
                }
                None => warn_once(self.warnings, Warning::NoToken { volume: name.into_owned() }),
            }
        }
        Ok(changed)
    }

    /// The Secret that takes the place of a token of the foreign cluster.
    fn token(&mut self, source: &Source, volume: &str) -> Result<Value<'static>, Rejection> {
        let shown_at = required_string(source.body, "path", source.path)?;
        let reflected_key = || liqo::token_key(volume, &shown_at);
        let audience = string_of(source.body, "audience", source.path)?.filter(|audience| !audience.is_empty());
        let projection = match &self.context.settings.home_credentials_secret {
            Some(own) if audience.is_some() => {
                self.needs_key(own, reflected_key(), &shown_at);
                projection(own, &reflected_key(), &shown_at)
            }
            Some(own) => projection(own, TOKEN, &shown_at),
            None => {
                self.wrote_reflected = true;
                let secret = self.context.token_secret.as_deref().ok_or(Rejection::NameNeeded)?;
                projection(secret, &reflected_key(), &shown_at)
            }
        };
        Ok(Value::new(&projection))
    }

    /// Liqo's Secret becomes the user's own, where there is one: token and certificates come from one place.
    fn secret<'a>(&mut self, mut source: Source<'_, 'a>, is_mounted: bool) -> Result<Change<'a>, Rejection> {
        if !source.is_named(SourceKind::Secret, self.context.token_secret.as_deref())? {
            return Ok(Change::None);
        }
        self.had_reflected = true;
        let own = self.context.settings.home_credentials_secret.as_ref();
        let Some(own) = own.filter(|own| Some(*own) != self.context.token_secret.as_ref()) else {
            return Ok(Change::None);
        };
        let mut changed = source.body.set_string("name", own);
        source.items(|item, path| {
            if is_mounted && is_at(item, "path", path, TOKEN)? {
                changed |= item.set_string("key", TOKEN);
            } else {
                let shown_at = required_string(item, "path", path)?;
                self.needs_key(own, required_string(item, "key", path)?.into_owned(), &shown_at);
            }
            Ok(())
        })?;
        Ok(if changed { Change::Body } else { Change::None })
    }

    /// The foreign cluster's certificates become the home cluster's.
    fn certificates<'a>(&mut self, mut source: Source<'_, 'a>) -> Result<Change<'a>, Rejection> {
        let is_foreign = source.is_named(SourceKind::ConfigMap, Some(liqo::ROOT_CA))?;
        let is_reflected = source.is_named(SourceKind::ConfigMap, self.context.root_ca.as_deref())?;
        match (&self.context.settings.home_credentials_secret, &self.context.root_ca) {
            (Some(own), _) if is_foreign || is_reflected => {
                source.body.set_string("name", own);
                if source.items(|_, _| Ok(()))? == 0 {
                    let items = [KeyToPath { key: CA.to_owned(), path: CA.to_owned(), mode: None }];
                    source.body.set("items", Value::new(&items));
                }
                Ok(Change::ToSecret)
            }
            (None, Some(reflected)) if is_foreign => {
                source.body.set_string("name", reflected);
                Ok(Change::Body)
            }
            (None, None) if is_foreign => {
                warn_once(self.warnings, Warning::UnknownHomeCluster);
                Ok(Change::None)
            }
            _ => Ok(Change::None),
        }
    }

    fn needs_key(&mut self, secret: &str, key: String, shown_at: &str) {
        let (secret, shown_at) = (secret.to_owned(), shown_at.to_owned());
        warn_once(self.warnings, Warning::TokenKey { secret, key, shown_at });
    }

    /// With the virtual kubelet's API server support off nobody creates the Secret, and the pod waits for it.
    fn finish(self) {
        if let Some(name) = &self.context.token_secret
            && self.wrote_reflected
            && !self.had_reflected
        {
            self.warnings.push(Warning::ReflectedSecret { name: name.clone() });
        }
    }
}

fn projection(secret: &str, key: &str, path: &str) -> SecretProjection {
    let item = KeyToPath { key: key.to_owned(), path: path.to_owned(), mode: None };
    SecretProjection { name: secret.to_owned(), items: Some(vec![item]), optional: None }
}
