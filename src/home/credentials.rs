//! Token and certificates in mode home: projected volumes show those of the home cluster.
//!
//! They come from the objects that Liqo reflects, or, with `homeCredentialsSecret`, from one Secret of the user's own.
//! After the edit no projected volume has a token of the foreign cluster but those that `keptTokenAudiences` names.

use k8s_openapi::api::core::v1::{KeyToPath, SecretProjection};
use serde_json::{Value, json};

use crate::context::Context;
use crate::edits::Edits;
use crate::forged::{is_liqos_item, provides_token};
use crate::home::namespace::HomeNamespace;
use crate::home::shadowed::remove_shadowed;
use crate::liqo;
use crate::pod::fields::{Fields, fragment, items_mut, list_or_new, object_mut};
use crate::pod::path::Path;
use crate::pod::volumes::{CA, Item, ProjectedVolume, Source, Sources, TOKEN, body_mut};
use crate::rejection::{Rejection, Result};
use crate::warning::{Warning, Warnings};

/// The credentials of one pod while its volumes are edited, one after the other.
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
                |source: &Source| source.items().iter().any(|item| is_liqos_item(context, volume.name, source, item));
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

    /// Edits the sources of a projected volume. `is_mounted` tells whether it is mounted where clients look for
    /// credentials.
    pub(crate) fn edit_volume(&mut self, sources: Sources, is_mounted: bool, edits: &mut Edits) -> Result<()> {
        let Sources { volume, list, path } = sources;
        let mut written = Vec::with_capacity(list.len() + 1);
        let mut shows_token = false;
        let mut moved = Vec::new();
        for (index, source) in list.iter_mut().enumerate() {
            let path = path.item(index);
            shows_token |= provides_token(&Source::read(&Fields::of(source, path)?)?, self.context);
            written.push(self.edit_source(volume, source, path, is_mounted, &mut moved)?);
        }
        list.append(&mut moved);
        if is_mounted && !shows_token {
            match &self.context.home_cluster.credentials_secret {
                Some(own) => list.push(json!({"secret": fragment(secret_of(own, TOKEN, TOKEN))})),
                None => self.warnings.add(Warning::NoToken { volume: volume.to_owned() }),
            }
        }
        written.resize(list.len(), true);
        if written.contains(&true) {
            remove_shadowed(list, &written, path)?;
            edits.note(path, "do not show the credentials of the home cluster");
        }
        Ok(())
    }

    /// Edits a source; returns whether it was not right. Items that need a source of their own are `moved` there.
    fn edit_source(
        &mut self,
        volume: &str,
        source: &mut Value,
        path: Path,
        is_mounted: bool,
        moved: &mut Vec<Value>,
    ) -> Result<bool> {
        match Source::read(&Fields::of(source, path)?)? {
            Source::ServiceAccountToken { audience, .. } if self.context.keeps_audience(audience) => Ok(false),
            Source::ServiceAccountToken { path: file, audience } => {
                let missing =
                    || Rejection::shape(path.member("serviceAccountToken").member("path"), "a string", "nothing");
                let secret = self.token(volume, file.ok_or_else(missing)?, audience)?;
                let source = object_mut(source, path)?;
                source.remove("serviceAccountToken");
                source.insert("secret".to_owned(), fragment(secret));
                Ok(true)
            }
            Source::Secret(_) if is_mounted => self.use_own_secret(volume, source, path, moved),
            Source::ConfigMap(config_map) => {
                let name = config_map.name.unwrap_or_default().to_owned();
                self.use_home_certificates(&name, source, path)
            }
            Source::DownwardApi(_) if is_mounted => match &mut self.home_namespace {
                Some(namespace) => namespace.show(source, path),
                None => Ok(false),
            },
            Source::Secret(_) | Source::DownwardApi(_) | Source::Other(_) => Ok(false),
        }
    }

    /// Adds the last warning, and returns the annotation to set.
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
    fn token(&mut self, volume: &str, path: &str, audience: Option<&str>) -> Result<SecretProjection> {
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

    /// The API's token in Liqo's Secret comes from the user's own Secret if there is one: token and certificates then
    /// come from one place. Tokens for other audiences stay Liqo's, which keeps them fresh.
    fn use_own_secret(&self, volume: &str, source: &mut Value, path: Path, moved: &mut Vec<Value>) -> Result<bool> {
        let Some(own) = &self.context.home_cluster.credentials_secret else { return Ok(false) };
        if self.context.is_token_secret(own) {
            return Ok(false);
        }
        let read = Source::read(&Fields::of(source, path)?)?;
        let is_token = |item: &Item| item.is_at(TOKEN) && is_liqos_item(self.context, volume, &read, item);
        let are_tokens: Vec<_> = read.items().iter().map(is_token).collect();
        if !are_tokens.contains(&true) {
            return Ok(false);
        }
        let secret = body_mut(source, "secret", path)?;
        let items = list_or_new(secret, "items", path)?;
        for (item, _) in items.iter_mut().zip(&are_tokens).filter(|(_, is_token)| **is_token) {
            object_mut(item, path)?.insert("key".to_owned(), Value::from(TOKEN));
        }
        if are_tokens.contains(&false) {
            let mut are_tokens = are_tokens.into_iter();
            let (tokens, others) = std::mem::take(items).into_iter().partition(|_| are_tokens.next() == Some(true));
            *items = others;
            moved.push(json!({"secret": {"items": Value::Array(tokens), "name": own}}));
        } else {
            secret.insert("name".to_owned(), Value::from(own.as_str()));
        }
        Ok(true)
    }

    /// The foreign cluster's certificates become the home cluster's.
    fn use_home_certificates(&mut self, name: &str, source: &mut Value, path: Path) -> Result<bool> {
        let is_foreign = name == liqo::ROOT_CA;
        if !is_foreign && !self.context.is_reflected_ca(name) {
            return Ok(false);
        }
        match (&self.context.home_cluster.credentials_secret, &self.context.root_ca) {
            (Some(own), _) => {
                let source = object_mut(source, path)?;
                let mut body = source.remove("configMap").unwrap_or_default();
                let secret = object_mut(&mut body, path.member("configMap"))?;
                secret.insert("name".to_owned(), Value::from(own.as_str()));
                if items_mut(secret, "items", path)?.is_empty() {
                    secret.insert("items".to_owned(), fragment([key_to_path(CA, CA)]));
                }
                source.insert("secret".to_owned(), body);
            }
            (None, Some(reflected)) if is_foreign => {
                body_mut(source, "configMap", path)?.insert("name".to_owned(), Value::from(reflected.as_str()));
            }
            (None, None) => {
                self.warnings.add(Warning::UnknownHomeCluster);
                return Ok(false);
            }
            (None, Some(_)) => return Ok(false),
        }
        Ok(true)
    }
}

/// A source of a projected volume that shows one key of a Secret.
fn secret_of(secret: &str, key: &str, path: &str) -> SecretProjection {
    SecretProjection { items: Some(vec![key_to_path(key, path)]), name: secret.to_owned(), optional: None }
}

fn key_to_path(key: &str, path: &str) -> KeyToPath {
    KeyToPath { key: key.to_owned(), mode: None, path: path.to_owned() }
}
