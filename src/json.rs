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

use cursor::{Cursor, Expected, Name};
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
    /// An object: each of its members is opened as text.
    Object,
    /// An object: these of its members are opened, each with its shape.
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

/// An opened object.
#[derive(Debug, Default)]
pub(crate) struct Object<'a> {
    /// What it consists of, in the order of the document.
    parts: Vec<Part<'a>>,
    /// The members that a [`Shape::Members`] opened. None of these names is among the unopened members.
    shape: &'static [(&'static str, Shape)],
    /// Whether there are unopened members.
    has_unopened: bool,
}

#[derive(Debug)]
enum Part<'a> {
    Member(Member<'a>),
    /// Members that were not opened: their text, with the commas between them.
    Unopened(&'a str),
}

#[derive(Debug)]
struct Member<'a> {
    /// The text between the quotes of the name, escapes not decoded.
    name: &'a str,
    value: Value<'a>,
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
        let members = members.map(|(name, value)| Part::Member(Member { name, value }));
        Self::Object(Object { parts: members.into(), ..Object::default() })
    }

    fn read(cursor: &mut Cursor<'a>, shape: &Shape) -> Result<Self, Expected> {
        match (cursor.peek(), shape) {
            (Some(b'{'), Shape::Object) => {
                let mut object = Object::default();
                cursor.object(|cursor, name| object.read_member(cursor, name, &Shape::Text))?;
                Ok(Self::Object(object))
            }
            (Some(b'{'), Shape::Members(shapes)) => {
                let mut object = Object { shape: shapes, ..Object::default() };
                let mut unopened = None;
                cursor.object(|cursor, name| {
                    if let Some((_, shape)) = shapes.iter().find(|(known, _)| name_is(name.raw, known)) {
                        object.push_unopened(cursor, unopened.take());
                        return object.read_member(cursor, name, shape);
                    }
                    let (start, _) = unopened.unwrap_or((name.start, 0));
                    cursor.skip()?;
                    unopened = Some((start, cursor.at()));
                    Ok(())
                })?;
                object.push_unopened(cursor, unopened);
                Ok(Self::Object(object))
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

impl<'a> Object<'a> {
    /// The value of a member; null is given as it stands.
    pub(crate) fn get(&mut self, name: &str) -> Option<&Value<'a>> {
        self.member_mut(name).map(|member| &member.value)
    }

    /// As [`Object::get`], but null is the same as absent.
    pub(crate) fn present(&mut self, name: &str) -> Option<&Value<'a>> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// As [`Object::present`], to open or change the value.
    pub(crate) fn present_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        self.member_mut(name).map(|member| &mut member.value).filter(|value| !value.is_null())
    }

    /// Several members at once, each as [`Object::present_mut`].
    pub(crate) fn all_present_mut<const N: usize>(&mut self, names: [&str; N]) -> [Option<&mut Value<'a>>; N] {
        for name in names {
            self.open(name);
        }
        let mut found = [const { None }; N];
        for Member { name, value } in self.parts.iter_mut().filter_map(Part::member_mut) {
            if let Some(index) = names.iter().position(|known| name_is(name, known)) {
                found[index] = Some(value).filter(|value| !value.is_null());
            }
        }
        found
    }

    /// The members in order. A name that is no text (half of a surrogate pair) is given with its escapes.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Cow<'_, str>, &mut Value<'a>)> {
        if self.has_unopened {
            self.open_all();
        }
        let members = self.parts.iter_mut().filter_map(Part::member_mut);
        members.map(|Member { name, value }| (decode(name).unwrap_or(Cow::Borrowed(name)), value))
    }

    /// Puts a value where the name stands, or a new member at the end.
    pub(crate) fn set(&mut self, name: &'static str, value: Value<'a>) {
        let new = Member { name, value };
        match self.member_mut(name) {
            Some(member) => *member = new,
            None => self.parts.push(Part::Member(new)),
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
        let index = self.position(name)?;
        self.parts.remove(index).into_member().map(|member| member.value).filter(|value| !value.is_null())
    }

    /// Gives the members of one name another name; what had that one goes.
    pub(crate) fn rename(&mut self, from: &str, to: &'static str) {
        self.remove(to);
        self.open(from);
        for member in self.parts.iter_mut().filter_map(Part::member_mut).filter(|member| member.is(from)) {
            member.name = to;
        }
    }

    /// Takes every member of this name away, and tells whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        self.open(name);
        let before = self.parts.len();
        self.parts.retain(|part| !part.is(name));
        self.parts.len() != before
    }

    fn member_mut(&mut self, name: &str) -> Option<&mut Member<'a>> {
        let index = self.position(name)?;
        self.parts.get_mut(index).and_then(Part::member_mut)
    }

    /// The last member of this name.
    fn position(&mut self, name: &str) -> Option<usize> {
        let position = self.opened_position(name);
        if position.is_none() && self.open(name) { self.opened_position(name) } else { position }
    }

    #[inline(always)]
    fn opened_position(&self, name: &str) -> Option<usize> {
        self.parts.iter().rposition(|part| part.is(name))
    }

    /// Opens the members that were not opened when one of them could have this name, and tells whether that was so.
    fn open(&mut self, name: &str) -> bool {
        let could = self.has_unopened && !self.shape.iter().any(|(opened, _)| name_is(opened, name));
        if could {
            self.open_all();
        }
        could
    }

    /// Opens the members that were not opened.
    #[cold]
    fn open_all(&mut self) {
        self.has_unopened = false;
        for part in std::mem::take(&mut self.parts) {
            match part {
                Part::Member(_) => self.parts.push(part),
                Part::Unopened(text) => {
                    // The text was scanned when the document was read, so a second scan finds nothing wrong with it.
                    let _ = Cursor::new(text).members(|cursor, name| self.read_member(cursor, name, &Shape::Text));
                }
            }
        }
    }

    fn read_member(&mut self, cursor: &mut Cursor<'a>, name: Name<'a>, shape: &Shape) -> Result<(), Expected> {
        let value = Value::read(cursor, shape)?;
        self.parts.push(Part::Member(Member { name: name.raw, value }));
        Ok(())
    }

    fn push_unopened(&mut self, cursor: &Cursor<'a>, positions: Option<(usize, usize)>) {
        if let Some((start, end)) = positions {
            self.parts.push(Part::Unopened(cursor.between(start, end)));
            self.has_unopened = true;
        }
    }

    fn write(&self, out: &mut String) {
        let mut separator = '{';
        for part in &self.parts {
            out.push(separator);
            match part {
                Part::Member(member) => {
                    out.push('"');
                    out.push_str(member.name);
                    out.push_str("\":");
                    member.value.write(out);
                }
                Part::Unopened(text) => out.push_str(text),
            }
            separator = ',';
        }
        if self.parts.is_empty() {
            out.push('{');
        }
        out.push('}');
    }
}

impl<'a> Row<'a> {
    /// The members of a value, given its text.
    pub(crate) fn read(text: &'a str, columns: &[&str; COLUMNS]) -> Self {
        // The text was scanned when the document was read, so a second scan finds nothing wrong with it.
        read_row(&mut Cursor::new(text), columns).unwrap_or_default()
    }
}

fn read_rows<'a>(cursor: &mut Cursor<'a>, columns: &[&str; COLUMNS]) -> Result<Vec<Row<'a>>, Expected> {
    let mut rows = Vec::new();
    cursor.array(|cursor| {
        rows.push(read_row(cursor, columns)?);
        Ok(())
    })?;
    Ok(rows)
}

fn read_row<'a>(cursor: &mut Cursor<'a>, columns: &[&str; COLUMNS]) -> Result<Row<'a>, Expected> {
    let start = cursor.position();
    let mut row = Row::default();
    if cursor.peek() == Some(b'{') {
        cursor.object(|cursor, name| {
            match columns.iter().position(|column| name_is(name.raw, column)) {
                Some(column) => row.members[column] = Some(cursor.value()?).filter(|text| *text != "null"),
                None => cursor.skip()?,
            }
            Ok(())
        })?;
    } else {
        cursor.skip()?;
    }
    row.text = cursor.since(start);
    Ok(row)
}

impl<'a> Part<'a> {
    #[inline(always)]
    fn is(&self, name: &str) -> bool {
        matches!(self, Self::Member(member) if member.is(name))
    }

    fn member_mut(&mut self) -> Option<&mut Member<'a>> {
        match self {
            Self::Member(member) => Some(member),
            Self::Unopened(_) => None,
        }
    }

    fn into_member(self) -> Option<Member<'a>> {
        match self {
            Self::Member(member) => Some(member),
            Self::Unopened(_) => None,
        }
    }
}

impl Member<'_> {
    #[inline(always)]
    fn is(&self, name: &str) -> bool {
        name_is(self.name, name)
    }
}
