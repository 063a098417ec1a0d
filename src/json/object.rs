//! Opened objects: their members in the order of the document, and looking them up by name.
//!
//! Members that nobody has asked for stay one piece of text. Whether a member was opened makes no difference to whoever
//! looks it up: where it could be among the others, they are opened too.

use std::borrow::Cow;

use super::cursor::{Cursor, Expected, Name};
use super::string::{decode, name_is};
use super::{Shape, Value};

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

impl<'a> Object<'a> {
    /// An object of these members.
    pub(super) fn new<const N: usize>(members: [(&'static str, Value<'a>); N]) -> Self {
        let members = members.map(|(name, value)| Part::Member(Member { name, value }));
        Self { parts: members.into(), ..Self::default() }
    }

    /// Reads the object that comes next, opening all of its members.
    pub(super) fn read_all(cursor: &mut Cursor<'a>) -> Result<Self, Expected> {
        let mut object = Self::default();
        cursor.object(|cursor, name| object.read_member(cursor, name, &Shape::Text))?;
        Ok(object)
    }

    /// Reads the object that comes next, opening the members of these names.
    pub(super) fn read(cursor: &mut Cursor<'a>, shape: &'static [(&'static str, Shape)]) -> Result<Self, Expected> {
        let mut object = Self { shape, ..Self::default() };
        let mut unopened = None;
        cursor.object(|cursor, name| {
            if let Some((_, shape)) = shape.iter().find(|(known, _)| name_is(name.raw, known)) {
                object.push_unopened(cursor, unopened.take());
                return object.read_member(cursor, name, shape);
            }
            let (start, _) = unopened.unwrap_or((name.start, 0));
            cursor.skip()?;
            unopened = Some((start, cursor.at()));
            Ok(())
        })?;
        object.push_unopened(cursor, unopened);
        Ok(object)
    }

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

    /// Appends the JSON of this object.
    pub(super) fn write(&self, out: &mut String) {
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
