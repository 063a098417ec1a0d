//! The request's JSON: a few objects and lists are opened, and everything else stays the text it came in.
//!
//! What was not opened is a [`RawValue`] and is written back as it came. That is what makes the policy lossless: fields
//! that no released Kubernetes knows and numbers of any precision come back as they were. Names and strings of opened
//! objects may come back without escapes that they do not need.
//!
//! Where a name stands twice in one object the last one counts, as it does for the API server and for policy-server.

mod object;
mod shape;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::rc::Rc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

pub(crate) use object::Object;
pub(crate) use shape::Shape;

/// One JSON value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// A value of the request that was not opened.
    Raw(&'a RawValue),
    /// A value that the policy wrote. Copies share it.
    Written(Rc<RawValue>),
    /// An opened list.
    List(Vec<Value<'a>>),
    /// An opened object.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// Reads one document, and opens what `shape` says.
    ///
    /// # Errors
    ///
    /// The text is not JSON. The error tells the place and what was expected there, and quotes nothing of the text.
    pub(crate) fn parse(text: &'a str, shape: &Shape) -> Result<Self, serde_json::Error> {
        shape::parse(text, shape)
    }

    /// This value, opened as `shape` says. A part that has another shape stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Value::parse`]: the name of a member may hold half of a surrogate pair.
    pub(crate) fn opened(&self, shape: &Shape) -> Result<Self, serde_json::Error> {
        match self {
            Self::Raw(raw) => Self::parse(raw.get(), shape),
            other => Ok(other.clone()),
        }
    }

    /// A value that the policy writes.
    pub(crate) fn written(value: &(impl Serialize + ?Sized)) -> Self {
        // Nothing that the policy writes fails: it writes strings, numbers, and lists and objects of them.
        to_raw_value(value).map_or(Self::Raw(RawValue::NULL), |raw| Self::Written(Rc::from(raw)))
    }

    /// An object that the policy writes.
    pub(crate) fn object<const N: usize>(members: [(&'static str, Self); N]) -> Self {
        let mut object = Object::default();
        members.into_iter().for_each(|(name, value)| object.push(Cow::Borrowed(name), value));
        Self::Object(object)
    }

    /// What this is, as a message says it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.text().map(|text| text.as_bytes().first()) {
            None if matches!(self, Self::List(_)) => "a list",
            None => "an object",
            Some(Some(b'{')) => "an object",
            Some(Some(b'[')) => "a list",
            Some(Some(b'"')) => "a string",
            Some(Some(b't' | b'f')) => "a boolean",
            Some(Some(b'n')) => "null",
            Some(_) => "a number",
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.text() == Some("null")
    }

    /// The JSON text of a value that was not opened.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Raw(raw) => Some(raw.get()),
            Self::Written(raw) => Some(raw.get()),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The value of a string; for anything else, what it is instead.
    pub(crate) fn as_str(&self) -> Result<Cow<'a, str>, &'static str> {
        let string = match self {
            Self::Raw(raw) if self.is_string() => decode(raw.get()),
            Self::Written(raw) if self.is_string() => decode(raw.get()).map(|text| Cow::Owned(text.into_owned())),
            _ => return Err(self.kind()),
        };
        string.ok_or("half of a surrogate pair")
    }

    /// The opened object that this is; for anything else, what it is instead.
    pub(crate) fn as_object(&self) -> Result<&Object<'a>, &'static str> {
        match self {
            Self::Object(object) => Ok(object),
            other => Err(other.kind()),
        }
    }

    /// The items of the opened list that this is; for anything else, what it is instead.
    pub(crate) fn as_list(&self) -> Result<&[Self], &'static str> {
        match self {
            Self::List(items) => Ok(items),
            other => Err(other.kind()),
        }
    }

    /// As [`Value::as_object`], to change it.
    pub(crate) fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// As [`Value::as_list`], to change it.
    pub(crate) fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    fn is_string(&self) -> bool {
        self.text().is_some_and(|text| text.starts_with('"'))
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Raw(raw) => raw.serialize(serializer),
            Self::Written(raw) => raw.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

/// The string that a JSON text stands for; `None` when it holds half of a surrogate pair, which no string can.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    /// serde borrows a `Cow` only where it is told to.
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    serde_json::from_str(text).ok().map(|Text(text)| text)
}
