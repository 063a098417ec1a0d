//! Token and certificates in mode home: projected volumes show those of the home cluster.
//!
//! They come from the objects that Liqo reflects, or, with `homeCredentialsSecret`, from one Secret of the user's own.
//! After the change no projected volume has a token of the foreign cluster but those that `keptTokenAudiences` names.

use k8s_openapi::api::core::v1::{KeyToPath, SecretProjection};

use crate::changes::{ItemChange, SourceChange, SourceEdit, VolumeChange};
use crate::home::namespace::HomeNamespace;
use crate::home::shadowed::remove_shadowed;
use crate::json::Value;
use crate::liqo;
use crate::outcome::{Rejection, Warning, Warnings};
use crate::pod::Context;
use crate::volumes::{Item, KeyedSource, ProjectedVolume, Source, TOKEN};

/// The file with the CA certificates, and the key they have in a Secret and in [`liqo::ROOT_CA`].
pub(crate) const CA: &str = "ca.crt";

/// The credentials of one pod while the changes of its volumes are decided, one after the other.
#[derive(Debug)]
pub(crate) struct Credentials<'w, 'c> {
    context: &'c Context<'c>,
    warnings: &'w mut Warnings,
    /// Whether the pod was forged before.
    is_forged: bool,
    /// Whether a source gets Liqo's Secret.
    gets_liqos_secret: bool,
    home_namespace: Option<HomeNamespace<'c>>,
}

impl<'w, 'c> Credentials<'w, 'c> {
    /// `is_forged` tells whether the pod's environment was forged; its volumes tell that too.
    pub(crate) fn new(
        context: &'c Context<'c>,
        volumes: &[ProjectedVolume],
        is_forged: bool,
        warnings: &'w mut Warnings,
    ) -> Self {
        let has_liqos_secret = volumes.iter().any(|volume| {
            let is_liqos =
                |source: &Source| source.items().iter().any(|item| is_liqos_item(context, &volume.name, source, item));
            volume.sources.iter().any(is_liqos)
        });
        Self {
            context,
            warnings,
            is_forged: is_forged || has_liqos_secret,
            gets_liqos_secret: false,
            home_namespace: HomeNamespace::of(context),
        }
    }

    /// Decides what must become of a projected volume. `is_mounted` tells whether it is mounted where clients look for
    /// credentials.
    pub(crate) fn volume(
        &mut self,
        volume: &ProjectedVolume,
        is_mounted: bool,
    ) -> Result<Option<VolumeChange>, Box<Rejection>> {
        let mut changes = Vec::with_capacity(volume.sources.len());
        let mut provides_token = false;
        for (index, source) in volume.sources.iter().enumerate() {
            changes.push(self.source(volume, index, source, is_mounted)?);
            provides_token |= self::provides_token(source, self.context);
        }
        let mut added = Vec::new();
        if is_mounted && !provides_token {
            match &self.context.home_cluster.credentials_secret {
                Some(own) => {
                    added.push(Value::object([("secret", Value::written(&secret_of(own, TOKEN, TOKEN)))]));
                }
                None => self.warnings.add(Warning::NoToken { volume: volume.name.clone().into_owned() }),
            }
        }
        if added.is_empty() && changes.iter().all(Option::is_none) {
            return Ok(None);
        }
        remove_shadowed(&volume.sources, &mut changes);
        let problem = "do not show the credentials of the home cluster";
        Ok(Some(VolumeChange { index: volume.index, sources: changes, added, problem }))
    }

    /// Decides what must become of a source; `None` when it is right.
    fn source(
        &mut self,
        volume: &ProjectedVolume,
        index: usize,
        source: &Source,
        is_mounted: bool,
    ) -> Result<Option<SourceChange>, Box<Rejection>> {
        Ok(match source {
            Source::ServiceAccountToken { audience, .. } if self.context.keeps_audience(audience.as_deref()) => None,
            Source::ServiceAccountToken { path, audience } => {
                let path = path.as_deref().ok_or_else(|| missing_path(volume, index))?;
                Some(SourceChange::TokenToSecret(self.token(&volume.name, path, audience.as_deref())?))
            }
            Source::Secret(_) => self.liqos_secret(&volume.name, source, is_mounted),
            Source::ConfigMap(config_map) => self.certificates(config_map),
            Source::DownwardApi(_) | Source::Other(_) => match &mut self.home_namespace {
                Some(namespace) if is_mounted => namespace.change(source, self.context),
                _ => None,
            },
        })
    }

    /// Tells what is to be told once all volumes were decided, and gives the annotation that must be set.
    pub(crate) fn finish(self) -> Option<(&'static str, String)> {
        // With the virtual kubelet's API server support off nobody creates the Secret, and the pod waits for it.
        if let Some(name) = &self.context.token_secret
            && self.gets_liqos_secret
            && !self.is_forged
        {
            self.warnings.add(Warning::ReflectedSecret { name: name.clone() });
        }
        self.home_namespace.and_then(HomeNamespace::annotation)
    }

    /// The Secret that takes the place of a token of the foreign cluster.
    fn token(&mut self, volume: &str, path: &str, audience: Option<&str>) -> Result<SecretProjection, Box<Rejection>> {
        let context = self.context;
        let own = context.home_cluster.credentials_secret.as_deref();
        if let (Some(own), None) = (own, audience) {
            return Ok(secret_of(own, TOKEN, path));
        }
        let secret = own.or(context.token_secret.as_deref()).ok_or(Rejection::NameNeeded)?;
        let key = liqo::token_key(volume, path);
        let projection = secret_of(secret, &key, path);
        self.gets_liqos_secret |= own.is_none();
        let secret = secret.to_owned();
        if self.is_forged {
            // It was put there in the foreign cluster, so Liqo never makes a key for it.
            self.warnings.add(Warning::LateToken { secret, key });
        } else if own.is_some() {
            self.warnings.add(Warning::TokenKey { secret, key });
        }
        Ok(projection)
    }

    /// The API's token in Liqo's Secret comes from the user's own Secret, where there is one: token and certificates
    /// then come from one place. Tokens for other audiences stay Liqo's, which keeps them fresh.
    fn liqos_secret(&self, volume: &str, source: &Source, is_mounted: bool) -> Option<SourceChange> {
        let own = self.context.home_cluster.credentials_secret.as_ref()?;
        if !is_mounted || self.context.token_secret.as_ref() == Some(own) {
            return None;
        }
        let is_token = |item: &Item| item.is_at(TOKEN) && is_liqos_item(self.context, volume, source, item);
        let items = source.items();
        if !items.iter().any(is_token) {
            return None;
        }
        let edit = if items.iter().all(is_token) {
            let items = items.iter().map(|_| Some(ItemChange::Key(TOKEN))).collect();
            SourceEdit { name: Some(own.clone()), items, ..SourceEdit::default() }
        } else {
            let items = items.iter().map(|item| is_token(item).then_some(ItemChange::Moved(TOKEN))).collect();
            SourceEdit { moved_to: Some(own.clone()), items, ..SourceEdit::default() }
        };
        Some(SourceChange::Edited(edit))
    }

    /// The foreign cluster's certificates become the home cluster's.
    fn certificates(&mut self, config_map: &KeyedSource) -> Option<SourceChange> {
        let is_foreign = config_map.name.as_deref() == Some(liqo::ROOT_CA);
        let is_reflected = config_map.name.is_some() && config_map.name.as_deref() == self.context.root_ca.as_deref();
        let edit = match (&self.context.home_cluster.credentials_secret, &self.context.root_ca) {
            (Some(own), _) if is_foreign || is_reflected => {
                let added_items = if config_map.items.is_empty() { vec![key_to_path(CA, CA)] } else { Vec::new() };
                SourceEdit { name: Some(own.clone()), is_secret: true, added_items, ..SourceEdit::default() }
            }
            (None, Some(reflected)) if is_foreign => {
                SourceEdit { name: Some(reflected.clone()), ..SourceEdit::default() }
            }
            (None, None) if is_foreign => {
                self.warnings.add(Warning::UnknownHomeCluster);
                return None;
            }
            _ => return None,
        };
        Some(SourceChange::Edited(edit))
    }
}

/// Whether a source shows a file [`TOKEN`]. One that shows all that it has may do so, but for the ConfigMaps with
/// certificates, which hold nothing else.
pub(crate) fn provides_token(source: &Source, context: &Context) -> bool {
    let holds_certificates =
        source.config_map_name().is_some_and(|name| name == liqo::ROOT_CA || Some(name) == context.root_ca.as_deref());
    source.paths().any(|path| crate::volumes::same_path(path, TOKEN))
        || source.shows_everything() && !holds_certificates
}

/// Whether an item shows a token that Liqo reflects: Secret and key are both Liqo's. A Secret of the user's own may have
/// the name of Liqo's.
pub(crate) fn is_liqos_item(context: &Context, volume: &str, source: &Source, item: &Item) -> bool {
    let is_liqos = source.secret_name().is_some_and(|name| Some(name) == context.token_secret.as_deref());
    match (&item.key, &item.path) {
        (Some(key), Some(path)) if is_liqos => liqo::token_key(volume, path) == *key,
        _ => false,
    }
}

fn missing_path(volume: &ProjectedVolume, source: usize) -> Box<Rejection> {
    let path = format!("{}.path", volume.path_of(source));
    Rejection::Shape { path, expected: "a string", found: "nothing" }.into()
}

/// A source of a projected volume that shows one key of a Secret.
fn secret_of(secret: &str, key: &str, path: &str) -> SecretProjection {
    SecretProjection { items: Some(vec![key_to_path(key, path)]), name: secret.to_owned(), optional: None }
}

fn key_to_path(key: &str, path: &str) -> KeyToPath {
    KeyToPath { key: key.to_owned(), mode: None, path: path.to_owned() }
}
