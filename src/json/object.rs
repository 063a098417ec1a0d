//! Opened objects: their members in the order of the document, and looking them up by name.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::Value;

/// An opened object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object<'a> {
    pub(super) members: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// Adds a member of the document, whatever is there already.
    pub(super) fn push(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        self.members.push((name, value));
    }

    /// The value of a member; null is given as it stands.
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// As [`Object::get`], but null is the same as absent, as it is for the API server.
    pub(crate) fn present(&self, name: &str) -> Option<&Value<'a>> {
        self.get(name).filter(|value| !value.is_null())
    }

    /// As [`Object::present`], to change the value.
    pub(crate) fn present_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        self.member_mut(name).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The object that a member is, to change it.
    pub(crate) fn object_mut(&mut self, name: &str) -> Option<&mut Object<'a>> {
        self.present_mut(name)?.as_object_mut()
    }

    /// The list that a member is, to change it.
    pub(crate) fn list_mut(&mut self, name: &str) -> Option<&mut Vec<Value<'a>>> {
        self.present_mut(name)?.as_list_mut()
    }

    /// As [`Object::list_mut`]; an empty list is put in where there is none.
    pub(crate) fn list_or_new(&mut self, name: &'static str) -> Option<&mut Vec<Value<'a>>> {
        if self.present(name).is_none() {
            self.set(name, Value::List(Vec::new()));
        }
        self.list_mut(name)
    }

    /// As [`Object::object_mut`]; an empty object is put in where there is none.
    pub(crate) fn object_or_new(&mut self, name: &'static str) -> Option<&mut Object<'a>> {
        if self.present(name).is_none() {
            self.set(name, Value::Object(Object::default()));
        }
        self.object_mut(name)
    }

    /// The members in the order of the document.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.members.iter().map(|(name, value)| (name.as_ref(), value))
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Puts a value where the name stands, or a new member at the end.
    pub(crate) fn set(&mut self, name: &'static str, value: Value<'a>) {
        match self.member_mut(name) {
            Some(member) => member.1 = value,
            None => self.members.push((Cow::Borrowed(name), value)),
        }
    }

    /// Gives the members of one name another name; what had that one goes.
    pub(crate) fn rename(&mut self, from: &str, to: &'static str) {
        self.remove(to);
        for (name, _) in self.members.iter_mut().filter(|(name, _)| name == from) {
            *name = Cow::Borrowed(to);
        }
    }

    /// Takes every member of this name away.
    pub(crate) fn remove(&mut self, name: &str) {
        self.members.retain(|(known, _)| known != name);
    }

    /// The last member of this name.
    fn member_mut(&mut self, name: &str) -> Option<&mut (Cow<'a, str>, Value<'a>)> {
        self.members.iter_mut().rev().find(|(known, _)| known == name)
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
