//! Checked access to the fields of JSON objects, to read and to edit them.
//!
//! Null and absent are the same here, as they are for the API server. A field of another shape than it must have is a
//! [`Rejection`] that names its path.

use serde::Serialize;
use serde_json::Value;

use crate::pod::path::{Path, SPEC};
use crate::rejection::{Rejection, Result};

/// A JSON object.
pub(crate) type Object = serde_json::Map<String, Value>;

/// An object to read, and its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'v, 'p> {
    pub(crate) object: &'v Object,
    pub(crate) path: Path<'p>,
}

/// A list to read, and its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items<'v, 'p> {
    items: &'v [Value],
    pub(crate) path: Path<'p>,
}

impl<'v> Fields<'v, 'static> {
    /// The spec of a pod.
    pub(crate) fn of_spec(object: &'v Object) -> Self {
        Self { object, path: SPEC }
    }
}

impl<'v, 'p> Fields<'v, 'p> {
    /// The object that a value must be.
    pub(crate) fn of(value: &'v Value, path: Path<'p>) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Self { object, path }),
            other => Err(Rejection::shape(path, "an object", json_type(other))),
        }
    }

    /// The value of a field that is neither absent nor null.
    pub(crate) fn get(&self, name: &str) -> Option<&'v Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// The object that a field must be if it is there.
    pub(crate) fn object<'s>(&'s self, name: &'s str) -> Result<Option<Fields<'v, 's>>> {
        self.get(name).map(|value| Fields::of(value, self.path.member(name))).transpose()
    }

    /// The object that a field must be; it must be there.
    pub(crate) fn required_object<'s>(&'s self, name: &'s str) -> Result<Fields<'v, 's>> {
        let path = self.path.member(name);
        Fields::of(required(self.object.get(name), path, "an object")?, path)
    }

    /// The list that a field must be; an absent one is empty.
    pub(crate) fn list<'s>(&'s self, name: &'s str) -> Result<Items<'v, 's>> {
        let path = self.path.member(name);
        match self.get(name) {
            None => Ok(Items { items: &[], path }),
            Some(Value::Array(items)) => Ok(Items { items, path }),
            Some(other) => Err(Rejection::shape(path, "a list", json_type(other))),
        }
    }

    /// The list that a field must be; it must be there.
    pub(crate) fn required_list<'s>(&'s self, name: &'s str) -> Result<Items<'v, 's>> {
        required(self.object.get(name), self.path.member(name), "a list")?;
        self.list(name)
    }

    /// The string that a field must be if it is there.
    pub(crate) fn string(&self, name: &str) -> Result<Option<&'v str>> {
        self.scalar(name, "a string", Value::as_str)
    }

    /// The string that a field must be; it must be there.
    pub(crate) fn required_string(&self, name: &str) -> Result<&'v str> {
        let path = self.path.member(name);
        string(required(self.object.get(name), path, "a string")?, path)
    }

    /// The boolean that a field must be if it is there.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.scalar(name, "a boolean", Value::as_bool)
    }

    /// The integer that a field must be if it is there.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.scalar(name, "an integer", Value::as_i64)
    }

    fn scalar<T>(&self, name: &str, expected: &'static str, read: fn(&'v Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let wrong = || Rejection::shape(self.path.member(name), expected, json_type(value));
        read(value).map(Some).ok_or_else(wrong)
    }

    /// What `read` makes of the object at the end of a chain of objects; `None` if one of them is absent.
    pub(crate) fn at<T>(
        &self,
        steps: &[&str],
        read: &mut dyn FnMut(&Fields<'v, '_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let [step, rest @ ..] = steps else { return read(self).map(Some) };
        self.object(step)?.map_or(Ok(None), |next| next.at(rest, read))
    }

    /// The string at the end of a chain of objects; `None` if one of them is absent.
    pub(crate) fn string_in(&self, steps: &[&str], name: &str) -> Result<Option<&'v str>> {
        self.at(steps, &mut |object| object.string(name)).map(Option::flatten)
    }
}

impl<'v, 'p> Items<'v, 'p> {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The items, each of which must be an object.
    pub(crate) fn objects<'s>(&'s self) -> impl Iterator<Item = Result<Fields<'v, 's>>> {
        self.items.iter().enumerate().map(|(index, item)| Fields::of(item, self.path.item(index)))
    }

    /// The items, each of which must be a string.
    pub(crate) fn strings(&self) -> impl Iterator<Item = Result<&'v str>> {
        self.items.iter().enumerate().map(|(index, item)| string(item, self.path.item(index)))
    }
}

/// A value that must be there.
pub(crate) fn required<'v>(value: Option<&'v Value>, path: Path, expected: &'static str) -> Result<&'v Value> {
    match value {
        None => Err(Rejection::shape(path, expected, "nothing")),
        Some(Value::Null) => Err(Rejection::shape(path, expected, "null")),
        Some(value) => Ok(value),
    }
}

/// The string that a value must be.
pub(crate) fn string<'v>(value: &'v Value, path: Path) -> Result<&'v str> {
    value.as_str().ok_or_else(|| Rejection::shape(path, "a string", json_type(value)))
}

/// The object that a value must be, to edit it.
pub(crate) fn object_mut<'v>(value: &'v mut Value, path: Path) -> Result<&'v mut Object> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(Rejection::shape(path, "an object", json_type(other))),
    }
}

/// The object that a field must be, to edit it; an empty one is put in if the field is absent.
pub(crate) fn object_or_new<'v>(object: &'v mut Object, name: &str, path: Path) -> Result<&'v mut Object> {
    object_mut(present_or(object, name, Value::Object(Object::new())), path.member(name))
}

/// The list that a field must be, to edit it; an empty one is put in if the field is absent.
pub(crate) fn list_or_new<'v>(object: &'v mut Object, name: &str, path: Path) -> Result<&'v mut Vec<Value>> {
    match present_or(object, name, Value::Array(Vec::new())) {
        Value::Array(items) => Ok(items),
        other => Err(Rejection::shape(path.member(name), "a list", json_type(other))),
    }
}

/// The items of the list that a field must be, to edit them; none if the field is absent.
pub(crate) fn items_mut<'v>(object: &'v mut Object, name: &str, path: Path) -> Result<&'v mut [Value]> {
    match object.get_mut(name) {
        None | Some(Value::Null) => Ok(&mut []),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(Rejection::shape(path.member(name), "a list", json_type(other))),
    }
}

fn present_or<'v>(object: &'v mut Object, name: &str, new: Value) -> &'v mut Value {
    let value = object.entry(name).or_insert(Value::Null);
    if value.is_null() {
        *value = new;
    }
    value
}

/// Keeps the items of a list whose places in `kept` are true.
pub(crate) fn keep<T>(list: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    list.retain(|_| kept.next() != Some(&false));
}

/// Calls `edit` with each item of a list and its path, and keeps those for which it returns true.
pub(crate) fn retain(
    list: &mut Vec<Value>,
    path: Path,
    edit: &mut dyn FnMut(&mut Value, Path) -> Result<bool>,
) -> Result<()> {
    for (index, mut item) in std::mem::take(list).into_iter().enumerate() {
        if edit(&mut item, path.item(index))? {
            list.push(item);
        }
    }
    Ok(())
}

/// The JSON of one of Kubernetes' types, which hold only what JSON can hold.
pub(crate) fn fragment(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// What a value is, for messages.
pub(crate) fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
