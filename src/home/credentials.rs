//! Token and certificates in home mode: projected volumes show those of the home cluster.
//!
//! They come from the objects that Liqo reflects, or, with `homeCredentialsSecret`, from one Secret of the user's own.
//! After the edit no projected volume has a token of the foreign cluster but those that `keptTokenAudiences` names.

use k8s_openapi::api::core::v1::{KeyToPath, SecretProjection};
use serde_json::{Value, json};

use crate::forged::{is_liqos_item, shows_liqos_token, shows_token};
use crate::home::namespace::HomeNamespace;
use crate::home::shadowed::remove_shadowed;
use crate::liqo;
use crate::pod::{
    CA, Item, Path, ProjectedVolume, ROOT_CA, Source, TOKEN, Volume, fragment, is_api_token, items_mut, list_or_new,
    member_mut, object_mut, retain, set_source_name,
};
use crate::rejection::{Rejection, Result};
use crate::review::{Context, Review};
use crate::warning::Warning;

/// The credentials of one pod while its volumes are edited, one after the other.
#[derive(Debug)]
pub(crate) struct Credentials<'r, 'c> {
    context: &'c Context<'c>,
    review: &'r mut Review<'c>,
    /// Whether the pod was forged before.
    is_forged: bool,
    /// Whether a source gets Liqo's Secret.
    gets_liqos_secret: bool,
    home_namespace: Option<HomeNamespace<'c>>,
}

impl<'r, 'c> Credentials<'r, 'c> {
    /// `names_endpoint` is whether a container's environment was forged; volumes show that too.
    pub(crate) fn new(review: &'r mut Review<'c>, volumes: &[ProjectedVolume], names_endpoint: bool) -> Result<Self> {
        let context = review.context;
        let has_liqos_token = volumes
            .iter()
            .any(|volume| volume.sources.iter().any(|source| shows_liqos_token(context, volume.name, source)));
        if has_liqos_token {
            context.token_secret()?;
        }
        Ok(Self {
            context,
            review,
            is_forged: names_endpoint || has_liqos_token,
            gets_liqos_secret: false,
            home_namespace: HomeNamespace::of(context.origin),
        })
    }

    /// Edits the sources of a projected volume.
    pub(crate) fn edit_volume(&mut self, volume: Volume, sources: &mut Vec<Value>) -> Result<()> {
        let path = volume.path;
        let mut written = Vec::with_capacity(sources.len() + 1);
        let mut moved = Vec::new();
        for (index, source) in sources.iter_mut().enumerate() {
            written.push(self.edit_source(volume, source, path.item(index), &mut moved)?);
        }
        sources.append(&mut moved);
        if let Some(mounted) = volume.mounted
            && let Some(file) = mounted.token_path()
            && !shows_token(sources, path, mounted, self.context)?
        {
            match &self.context.home_cluster.credentials_secret {
                Some(own) => sources.push(json!({"secret": secret_of(own, TOKEN, file, volume.token_mode)})),
                None => self.review.warn(Warning::NoToken { volume: volume.name.to_owned() }),
            }
        }
        written.resize(sources.len(), true);
        if written.contains(&true) {
            remove_shadowed(sources, &written, path)?;
            self.review.note(path, "do not show the credentials of the home cluster");
        }
        Ok(())
    }

    /// Edits a source; returns whether it was not right. Items that need a source of their own are `moved` there.
    fn edit_source(&mut self, volume: Volume, source: &mut Value, path: Path, moved: &mut Vec<Value>) -> Result<bool> {
        let read = Source::read(source, path)?;
        match &read {
            Source::ServiceAccountToken { path: file, audience } => {
                let is_apis = is_api_token(volume.mounted, *file);
                if !is_apis && self.context.keeps_audience(*audience) {
                    return Ok(false);
                }
                let path_of_file = path.member("serviceAccountToken");
                let missing = || Rejection::shape(path_of_file.member("path"), "a string", "nothing");
                let audience = audience.filter(|_| !is_apis);
                let secret = self.secret_for_token(volume, file.ok_or_else(missing)?, audience)?;
                let source = object_mut(source, path)?;
                source.remove("serviceAccountToken");
                source.insert("secret".to_owned(), secret);
                Ok(true)
            }
            Source::Secret { .. } if shows_liqos_token(self.context, volume.name, &read) => {
                self.edit_liqos_secret(volume, source, path, moved)
            }
            Source::ConfigMap { name: Some(ROOT_CA), .. } => self.use_home_certificates(true, source, path),
            Source::ConfigMap { name: Some(name), .. } if self.context.is_reflected_ca(name) => {
                self.use_home_certificates(false, source, path)
            }
            Source::DownwardApi { .. } if volume.mounted.is_some() => match &mut self.home_namespace {
                Some(namespace) => namespace.use_annotation(source, path),
                None => Ok(false),
            },
            Source::Secret { .. } | Source::ConfigMap { .. } | Source::DownwardApi { .. } | Source::Other { .. } => {
                Ok(false)
            }
        }
    }

    /// The Secret that takes the place of a token of the foreign cluster.
    fn secret_for_token(&mut self, volume: Volume, path: &str, audience: Option<&str>) -> Result<Value> {
        let own = self.context.home_cluster.credentials_secret.as_deref();
        if let (Some(own), None) = (own, audience) {
            return Ok(secret_of(own, TOKEN, path, volume.token_mode));
        }
        let secret = match own {
            Some(own) => own,
            None => self.context.token_secret()?,
        }
        .to_owned();
        let key = liqo::token_key(volume.name, path);
        let source = secret_of(&secret, &key, path, volume.token_mode);
        self.gets_liqos_secret |= own.is_none();
        if self.is_forged {
            // It was put there in the foreign cluster, so Liqo never makes a key for it.
            self.review.warn(Warning::LateToken { secret, key });
        } else if own.is_some() {
            self.review.warn(Warning::TokenKey { secret, key });
        }
        Ok(source)
    }

    /// Edits the items of Liqo's Secret. The API's token comes from the user's own Secret if there is one: token and
    /// certificates then come from one place. Tokens for other audiences stay Liqo's, which keeps them fresh.
    fn edit_liqos_secret(
        &self,
        volume: Volume,
        source: &mut Value,
        path: Path,
        moved: &mut Vec<Value>,
    ) -> Result<bool> {
        // A user may name their own Secret like Liqo's: then it is in its place already.
        let own = self.context.home_cluster.credentials_secret.as_deref();
        let own = own.filter(|own| !self.context.is_token_secret(own));
        let items = list_or_new(member_mut(source, "secret", path)?, "items", path)?;
        let mut is_edited = false;
        let mut tokens = Vec::new();
        retain(items, path, &mut |item, path| {
            let read = Item::read(item, path)?;
            if !is_liqos_item(volume.name, &read) {
                return Ok(true);
            }
            let is_moved = own.is_some() && is_api_token(volume.mounted, read.path);
            let fields = object_mut(item, path)?;
            if let Some(mode) = volume.token_mode.filter(|_| fields.get("mode").is_none_or(Value::is_null)) {
                fields.insert("mode".to_owned(), Value::from(mode));
                is_edited = true;
            }
            if is_moved {
                fields.insert("key".to_owned(), Value::from(TOKEN));
                tokens.push(item.take());
            }
            Ok(!is_moved)
        })?;
        let Some(own) = own.filter(|_| !tokens.is_empty()) else { return Ok(is_edited) };
        if items.is_empty() {
            *items = tokens;
            set_source_name(source, "secret", own, path)?;
        } else {
            moved.push(json!({"secret": {"items": tokens, "name": own}}));
        }
        Ok(true)
    }

    /// The certificates, of the foreign cluster or already of the home cluster, become those of the home cluster.
    fn use_home_certificates(&mut self, are_foreign: bool, source: &mut Value, path: Path) -> Result<bool> {
        match (&self.context.home_cluster.credentials_secret, &self.context.root_ca) {
            (Some(own), _) => {
                let source = object_mut(source, path)?;
                let mut body = source.remove("configMap").unwrap_or_default();
                let secret = object_mut(&mut body, path.member("configMap"))?;
                secret.insert("name".to_owned(), Value::from(own.as_str()));
                if items_mut(secret, "items", path)?.is_empty() {
                    secret.insert("items".to_owned(), json!([{"key": CA, "path": CA}]));
                }
                source.insert("secret".to_owned(), body);
                Ok(true)
            }
            (None, Some(reflected)) if are_foreign => {
                set_source_name(source, "configMap", reflected, path).map(|()| true)
            }
            (None, Some(_)) => Ok(false),
            (None, None) => {
                self.review.warn(Warning::UnknownHomeCluster);
                Ok(false)
            }
        }
    }

    /// Adds the last warning, and returns the home namespace if it is known.
    pub(crate) fn finish(self) -> Option<HomeNamespace<'c>> {
        // With the virtual kubelet's API server support off nobody creates the Secret, and the pod waits for it.
        if let Some(name) = &self.context.token_secret
            && self.gets_liqos_secret
            && !self.is_forged
        {
            self.review.warn(Warning::ReflectedSecret { name: name.clone() });
        }
        self.home_namespace
    }
}

/// What a source of a projected volume that shows one key of a Secret holds.
fn secret_of(secret: &str, key: &str, path: &str, mode: Option<i32>) -> Value {
    let item = KeyToPath { key: key.to_owned(), mode, path: path.to_owned() };
    fragment(SecretProjection { items: Some(vec![item]), name: secret.to_owned(), optional: None })
}
