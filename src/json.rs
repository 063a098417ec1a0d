//! The request's JSON, kept as the text it came in.
//!
//! A [`Value`] is opened only where something is read or changed; everything else stays a slice of the request and is
//! written back byte for byte. That is what makes the policy lossless (fields that no released Kubernetes knows and
//! numbers of any precision come back as they were) and fast (one pass over the text, no tree of it).
//!
//! Where a name stands twice in one object the last one counts, as it does for the API server and for policy-server.

mod cursor;
mod object;
mod string;
mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::rc::Rc;

use cursor::{Cursor, Expected};
use string::decode_quoted;
use table::read_rows;

pub(crate) use object::Object;
pub(crate) use table::{COLUMNS, Row};

/// Text that is not JSON: what was expected and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) expected: &'static str,
    pub(crate) at: usize,
}

/// Which parts of a document are opened while it is scanned for the first time. The rest is opened when it is asked
/// for, at the price of another scan: a shape changes how fast a document is read, never what is read from it.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Kept as text.
    Text,
    /// An object: each of its members is opened as text.
    Object,
    /// An object: these of its members are opened, each with its shape.
    Members(&'static [(&'static str, Shape)]),
    /// An array whose items all have this shape.
    Items(&'static Shape),
    /// An array of objects that are looked at and not changed: the text of these members is noted.
    Table(&'static [&'static str; COLUMNS]),
}

/// One JSON value.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    /// The text of a value, verbatim from the request.
    Text(&'a str),
    /// The text of a string that the policy made.
    New(String),
    /// In an array: the text of several items that the policy made, with the commas between them. Copies share it.
    Items(Rc<str>),
    /// The text of an array, and its items.
    Table(Box<(&'a str, Vec<Row<'a>>)>),
    /// An opened array.
    Array(Vec<Value<'a>>),
    /// An opened object.
    Object(Object<'a>),
}

impl<'a> Value<'a> {
    /// Reads one document, opening what `shape` says.
    pub(crate) fn parse(text: &'a str, shape: &Shape) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(text);
        let value = Self::read(&mut cursor, shape).and_then(|value| cursor.end().map(|()| value));
        value.map_err(|expected| Malformed { expected, at: cursor.at() })
    }

    /// A string that the policy writes.
    pub(crate) fn string(string: &str) -> Self {
        // A string always has a JSON form.
        Self::New(serde_json::to_string(string).unwrap_or_default())
    }

    /// An object that the policy writes.
    pub(crate) fn object<const N: usize>(members: [(&'static str, Self); N]) -> Self {
        Self::Object(Object::new(members))
    }

    fn read(cursor: &mut Cursor<'a>, shape: &Shape) -> Result<Self, Expected> {
        match (cursor.peek(), shape) {
            (Some(b'{'), Shape::Object) => Object::read_all(cursor).map(Self::Object),
            (Some(b'{'), Shape::Members(shapes)) => Object::read(cursor, shapes).map(Self::Object),
            (Some(b'['), Shape::Items(shape)) => {
                let mut items = Vec::new();
                cursor.array(|cursor| {
                    items.push(Self::read(cursor, shape)?);
                    Ok(())
                })?;
                Ok(Self::Array(items))
            }
            (Some(b'['), Shape::Table(columns)) => {
                let start = cursor.position();
                let rows = read_rows(cursor, columns)?;
                Ok(Self::Table(Box::new((cursor.since(start), rows))))
            }
            _ => cursor.value().map(Self::Text),
        }
    }

    /// The items of an array that was not opened, with these members; for anything else, what it is instead.
    pub(crate) fn rows(&self, columns: &'static [&'static str; COLUMNS]) -> Result<Cow<'_, [Row<'a>]>, &'static str> {
        match self {
            Self::Table(table) => Ok(Cow::Borrowed(&table.1)),
            Self::Text(text) if text.starts_with('[') => {
                // The text was scanned when the document was read, so a second scan finds nothing wrong with it.
                Ok(Cow::Owned(read_rows(&mut Cursor::new(text), columns).unwrap_or_default()))
            }
            _ => Err(self.kind()),
        }
    }

    /// What this is, as a message says it.
    pub(crate) fn kind(&self) -> &'static str {
        let text: &str = match self {
            Self::Text(text) => text,
            Self::New(text) => text,
            Self::Items(text) => text,
            Self::Table(table) => table.0,
            Self::Array(_) => "[",
            Self::Object(_) => "{",
        };
        match text.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Text("null"))
    }

    /// The text of a value that was not opened.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a string; for anything else, what it is instead.
    pub(crate) fn as_str(&self) -> Result<Cow<'a, str>, &'static str> {
        match self {
            Self::Text(text) if text.starts_with('"') => decode_quoted(text),
            Self::New(text) => decode_quoted(text).map(|string| Cow::Owned(string.into_owned())),
            _ => Err(self.kind()),
        }
    }

    /// The object this is, opened; for anything else, what it is instead.
    pub(crate) fn as_object_mut(&mut self) -> Result<&mut Object<'a>, &'static str> {
        self.open(b'{');
        match self {
            Self::Object(object) => Ok(object),
            other => Err(other.kind()),
        }
    }

    /// The array this is, opened; for anything else, what it is instead.
    pub(crate) fn as_array_mut(&mut self) -> Result<&mut Vec<Self>, &'static str> {
        self.open(b'[');
        match self {
            Self::Array(items) => Ok(items),
            other => Err(other.kind()),
        }
    }

    fn open(&mut self, bracket: u8) {
        let shape = if bracket == b'{' { &Shape::Object } else { &Shape::Items(&Shape::Text) };
        let opened = match self {
            Self::Text(text) if text.as_bytes().first() == Some(&bracket) => Value::parse(text, shape),
            Self::Table(table) if bracket == b'[' => Value::parse(table.0, shape),
            _ => return,
        };
        // The text was scanned when the document was read, so a second scan finds nothing wrong with it.
        if let Ok(opened) = opened {
            *self = opened;
        }
    }

    /// Appends the JSON of this value.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::New(text) => out.push_str(text),
            Self::Items(text) => out.push_str(text),
            Self::Table(table) => out.push_str(table.0),
            Self::Array(items) => {
                let mut separator = '[';
                for item in items {
                    out.push(separator);
                    item.write(out);
                    separator = ',';
                }
                if items.is_empty() {
                    out.push('[');
                }
                out.push(']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}
