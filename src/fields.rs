//! Checked access to the fields of an object under review.
//!
//! Null and absent are the same here, as they are for the API server. A field of another shape than it must have is a
//! [`Rejection`] that names its path.

use std::borrow::Cow;

use crate::json::{Object, Value};
use crate::outcome::Rejection;
use crate::path::Path;

/// An object under review, and its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'v, 'a> {
    pub(crate) object: &'v Object<'a>,
    pub(crate) path: Path<'v>,
}

/// A list under review, and its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items<'v, 'a> {
    items: &'v [Value<'a>],
    path: Path<'v>,
}

impl<'v, 'a> Fields<'v, 'a> {
    /// The object that a value must be.
    pub(crate) fn of(value: &'v Value<'a>, path: Path<'v>) -> Result<Self, Box<Rejection>> {
        match value.as_object() {
            Ok(object) => Ok(Self { object, path }),
            Err(found) => Err(Rejection::shape(path, "an object", found)),
        }
    }

    /// The object that a field must be, when it is there.
    pub(crate) fn object<'s>(&'s self, name: &'s str) -> Result<Option<Fields<'s, 'a>>, Box<Rejection>> {
        self.object.present(name).map(|value| Fields::of(value, self.path.member(name))).transpose()
    }

    /// The object that a field must be; it must be there.
    pub(crate) fn required_object<'s>(&'s self, name: &'s str) -> Result<Fields<'s, 'a>, Box<Rejection>> {
        self.object(name)?.ok_or_else(|| self.missing(name, "an object"))
    }

    /// The list that a field must be; an absent one is empty.
    pub(crate) fn list<'s>(&'s self, name: &'s str) -> Result<Items<'s, 'a>, Box<Rejection>> {
        let path = self.path.member(name);
        match self.object.present(name).map(Value::as_list) {
            None => Ok(Items { items: &[], path }),
            Some(Ok(items)) => Ok(Items { items, path }),
            Some(Err(found)) => Err(Rejection::shape(path, "a list", found)),
        }
    }

    /// The list that a field must be; it must be there.
    pub(crate) fn required_list<'s>(&'s self, name: &'s str) -> Result<Items<'s, 'a>, Box<Rejection>> {
        match self.object.present(name) {
            Some(_) => self.list(name),
            None => Err(self.missing(name, "a list")),
        }
    }

    /// The string that a field must be, when it is there.
    pub(crate) fn string(&self, name: &str) -> Result<Option<Cow<'a, str>>, Box<Rejection>> {
        self.object.present(name).map(|value| string(value, self.path.member(name))).transpose()
    }

    /// The string that a field must be; it must be there.
    pub(crate) fn required_string(&self, name: &str) -> Result<Cow<'a, str>, Box<Rejection>> {
        self.string(name)?.ok_or_else(|| self.missing(name, "a string"))
    }

    /// The boolean that a field must be, when it is there.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Box<Rejection>> {
        let Some(value) = self.object.present(name) else { return Ok(None) };
        match value.text() {
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            _ => Err(Rejection::shape(self.path.member(name), "a boolean", value.kind())),
        }
    }

    /// The rejection of an object that lacks a field.
    pub(crate) fn missing(&self, name: &str, expected: &'static str) -> Box<Rejection> {
        let found = if self.object.get(name).is_some() { "null" } else { "nothing" };
        Rejection::shape(self.path.member(name), expected, found)
    }
}

impl<'v, 'a> Items<'v, 'a> {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn path(&self) -> Path<'v> {
        self.path
    }

    /// The items, each of which must be an object.
    pub(crate) fn objects<'s>(&'s self) -> impl Iterator<Item = Result<Fields<'s, 'a>, Box<Rejection>>> {
        self.items.iter().enumerate().map(|(index, item)| Fields::of(item, self.path.item(index)))
    }

    /// The items, each of which must be a string.
    pub(crate) fn strings(&self) -> impl Iterator<Item = Result<Cow<'a, str>, Box<Rejection>>> {
        self.items.iter().enumerate().map(|(index, item)| string(item, self.path.item(index)))
    }
}

/// The string that a value must be.
pub(crate) fn string<'a>(value: &Value<'a>, path: Path) -> Result<Cow<'a, str>, Box<Rejection>> {
    value.as_str().map_err(|found| Rejection::shape(path, "a string", found))
}
