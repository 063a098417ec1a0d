//! The request's JSON, kept as the text it came in.
//!
//! A [`Value`] is opened only where something is read or changed; everything else stays a slice of the request and is
//! written back byte for byte. That is what makes the policy lossless (fields that no released Kubernetes knows and
//! numbers of any precision come back as they were) and fast (one pass over the text, no tree of it).
//!
//! Where a name stands twice in one object the last one counts, as it does for the API server and for policy-server.

mod cursor;
mod string;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::rc::Rc;

use serde::Serialize;

use cursor::{Cursor, Expected};
use string::{decode, decode_quoted, name_is};

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
    /// An object: these of its members have a shape of their own.
    Members(&'static [(&'static str, Shape)]),
    /// An array whose items all have this shape.
    Items(&'static Shape),
    /// An array of objects that are looked at and not changed: the text of these members is noted.
    Table(&'static [&'static str; COLUMNS]),
}

/// How many members of an item a [`Shape::Table`] notes. Names that are left over are empty.
pub(crate) const COLUMNS: usize = 4;

/// An item of an array, and the text of the members that its [`Shape::Table`] names; null is the same as absent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    pub(crate) text: &'a str,
    pub(crate) members: [Option<&'a str>; COLUMNS],
}

/// One JSON value.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    /// The text of a value, verbatim from the request.
    Text(&'a str),
    /// The text of a value that the policy made. Its copies share the text.
    New(Rc<str>),
    /// The text of an array, and its items.
    Table(Box<(&'a str, Vec<Row<'a>>)>),
    /// An opened array.
    Array(Vec<Value<'a>>),
    /// An opened object.
    Object(Object<'a>),
}

/// The members of an opened object, in the order of the document.
#[derive(Debug, Default)]
pub(crate) struct Object<'a> {
    members: Vec<Member<'a>>,
}

#[derive(Debug)]
struct Member<'a> {
    /// The text between the quotes of the name, escapes not decoded.
    name: Cow<'a, str>,
    value: Value<'a>,
}

impl<'a> Value<'a> {
    /// Reads one document, opening what `shape` says.
    pub(crate) fn parse(text: &'a str, shape: &Shape) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(text);
        let value = Self::read(&mut cursor, shape).and_then(|value| cursor.end().map(|()| value));
        value.map_err(|expected| Malformed { expected, at: cursor.at() })
    }

    /// A value that the policy writes.
    pub(crate) fn new(value: &impl Serialize) -> Self {
        // What the policy writes are strings, and structs and lists of them, which always have a JSON form.
        Self::New(serde_json::to_string(value).unwrap_or_default().into())
    }

    /// A string that the policy writes.
    pub(crate) fn string(string: &str) -> Self {
        Self::new(&string)
    }

    /// An object of one member that the policy writes.
    pub(crate) fn object(name: &'static str, value: &impl Serialize) -> Self {
        let mut object = Object::default();
        object.set(name, Self::new(value));
        Self::Object(object)
    }

    fn read(cursor: &mut Cursor<'a>, shape: &Shape) -> Result<Self, Expected> {
        match (cursor.peek(), shape) {
            (Some(b'{'), Shape::Members(shapes)) => {
                let mut members = Vec::new();
                cursor.object(|cursor, name| {
                    let shape =
                        shapes.iter().find(|(known, _)| *known == name).map_or(&Shape::Text, |(_, shape)| shape);
                    let value = Self::read(cursor, shape)?;
                    // Only now, so that very many empty objects take no memory.
                    if members.is_empty() {
                        members.reserve(8);
                    }
                    members.push(Member { name: Cow::Borrowed(name), value });
                    Ok(())
                })?;
                Ok(Self::Object(Object { members }))
            }
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
            Self::New(text) if text.starts_with('"') => {
                decode_quoted(text).map(|string| Cow::Owned(string.into_owned()))
            }
            _ => Err(self.kind()),
        }
    }

    /// The object this is, opened; for anything else, what it is instead.
    pub(crate) fn as_object_mut(&mut self) -> Result<&mut Object<'a>, &'static str> {
        let kind = self.kind();
        self.open(b'{');
        match self {
            Self::Object(object) => Ok(object),
            _ => Err(kind),
        }
    }

    /// The array this is, opened; for anything else, what it is instead.
    pub(crate) fn as_array_mut(&mut self) -> Result<&mut Vec<Self>, &'static str> {
        let kind = self.kind();
        self.open(b'[');
        match self {
            Self::Array(items) => Ok(items),
            _ => Err(kind),
        }
    }

    fn open(&mut self, bracket: u8) {
        let shape = if bracket == b'{' { &Shape::Members(&[]) } else { &Shape::Items(&Shape::Text) };
        let opened = match self {
            Self::Text(text) if text.as_bytes().first() == Some(&bracket) => Value::parse(text, shape),
            Self::Table(table) if bracket == b'[' => Value::parse(table.0, shape),
            Self::New(text) if text.as_bytes().first() == Some(&bracket) => {
                Value::parse(text, shape).map(Value::into_owned)
            }
            _ => return,
        };
        // The text was scanned when the document was read, so a second scan finds nothing wrong with it.
        if let Ok(opened) = opened {
            *self = opened;
        }
    }

    /// The same value, apart from the text it was read from.
    fn into_owned<'b>(self) -> Value<'b> {
        match self {
            Self::Text(text) => Value::New(text.into()),
            Self::Table(table) => Value::New(table.0.into()),
            Self::New(text) => Value::New(text),
            Self::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Self::Object(Object { members }) => {
                let members = members.into_iter().map(|Member { name, value }| Member {
                    name: Cow::Owned(name.into_owned()),
                    value: value.into_owned(),
                });
                Value::Object(Object { members: members.collect() })
            }
        }
    }

    /// Appends the JSON of this value.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::New(text) => out.extend_from_slice(text.as_bytes()),
            Self::Table(table) => out.extend_from_slice(table.0.as_bytes()),
            Self::Array(items) => {
                let mut separator = b'[';
                for item in items {
                    out.push(separator);
                    item.write(out);
                    separator = b',';
                }
                if items.is_empty() {
                    out.push(b'[');
                }
                out.push(b']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

impl<'a> Object<'a> {
    /// The value of a member; null is given as it stands.
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().rev().find(|member| member.is(name)).map(|member| &member.value)
    }

    /// As [`Object::get`], but null is the same as absent.
    pub(crate) fn present(&self, name: &str) -> Option<&Value<'a>> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// As [`Object::present`], to open or change the value.
    pub(crate) fn present_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        let member = self.members.iter_mut().rev().find(|member| member.is(name))?;
        Some(&mut member.value).filter(|value| !value.is_null())
    }

    /// Two members at once, each as [`Object::present_mut`].
    pub(crate) fn present_pair_mut(
        &mut self,
        first: &str,
        second: &str,
    ) -> (Option<&mut Value<'a>>, Option<&mut Value<'a>>) {
        let mut found = (None, None);
        for Member { name, value } in &mut self.members {
            if name_is(name, first) {
                found.0 = Some(value);
            } else if name_is(name, second) {
                found.1 = Some(value);
            }
        }
        (found.0.filter(|value| !value.is_null()), found.1.filter(|value| !value.is_null()))
    }

    /// The members in order. A name that is no text (half of a surrogate pair) is given with its escapes.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Cow<'_, str>, &mut Value<'a>)> {
        self.members.iter_mut().map(|Member { name, value }| (decode(name).unwrap_or(Cow::Borrowed(name)), value))
    }

    /// Puts a value where the name stands, or a new member at the end.
    pub(crate) fn set(&mut self, name: &'static str, value: Value<'a>) {
        let member = Member { name: Cow::Borrowed(name), value };
        match self.members.iter().rposition(|member| member.is(name)) {
            Some(at) => self.members[at] = member,
            None => self.members.push(member),
        }
    }

    /// Sets a member to a string, and tells whether that changed anything.
    pub(crate) fn set_string(&mut self, name: &'static str, string: &str) -> bool {
        let right = self.get(name).is_some_and(|old| old.as_str().is_ok_and(|old| old == string));
        if !right {
            self.set(name, Value::string(string));
        }
        !right
    }

    /// Takes a member out; null is the same as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let index = self.members.iter().rposition(|member| member.is(name))?;
        Some(self.members.remove(index).value).filter(|value| !value.is_null())
    }

    /// Gives the members of one name another name; what had that one goes.
    pub(crate) fn rename(&mut self, from: &str, to: &'static str) {
        self.remove(to);
        for member in self.members.iter_mut().filter(|member| member.is(from)) {
            member.name = Cow::Borrowed(to);
        }
    }

    /// Takes every member of this name away, and tells whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|member| !member.is(name));
        self.members.len() != before
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, member) in self.members.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
            out.extend_from_slice(member.name.as_bytes());
            out.extend_from_slice(b"\":");
            member.value.write(out);
        }
        out.push(b'}');
    }
}

fn read_rows<'a>(cursor: &mut Cursor<'a>, columns: &[&str; COLUMNS]) -> Result<Vec<Row<'a>>, Expected> {
    let mut rows = Vec::new();
    cursor.array(|cursor| {
        let start = cursor.position();
        let mut row = Row::default();
        if cursor.peek() == Some(b'{') {
            cursor.object(|cursor, name| {
                let text = cursor.value()?;
                if let Some(column) = columns.iter().position(|column| name_is(name, column)) {
                    row.members[column] = Some(text).filter(|text| *text != "null");
                }
                Ok(())
            })?;
        } else {
            cursor.value()?;
        }
        row.text = cursor.since(start);
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

impl Member<'_> {
    fn is(&self, name: &str) -> bool {
        name_is(&self.name, name)
    }
}
