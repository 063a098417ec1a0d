//! Checked access to the fields of an object under review.
//!
//! Null and absent are the same here, as they are for the API server. A field of another shape than it must have is a
//! [`Rejection`] that names its path.

use std::borrow::Cow;

use crate::json::{COLUMNS, Object, Row, Value};
use crate::outcome::Rejection;
use crate::path::Path;

/// The object that a value must be.
pub(crate) fn as_object<'v, 'a>(value: &'v mut Value<'a>, path: Path) -> Result<&'v mut Object<'a>, Rejection> {
    value.as_object_mut().map_err(|found| Rejection::shape(path, "an object", found))
}

/// The list that a value must be.
pub(crate) fn as_list<'v, 'a>(value: &'v mut Value<'a>, path: Path) -> Result<&'v mut Vec<Value<'a>>, Rejection> {
    value.as_array_mut().map_err(|found| Rejection::shape(path, "a list", found))
}

/// The string that a value must be.
pub(crate) fn as_string<'a>(value: &Value<'a>, path: Path) -> Result<Cow<'a, str>, Rejection> {
    value.as_str().map_err(|found| Rejection::shape(path, "a string", found))
}

/// The string that a member must be, when it is there.
pub(crate) fn string_of<'a>(
    object: &mut Object<'a>,
    name: &str,
    path: Path,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    object.present(name).map(|value| as_string(value, path.member(name))).transpose()
}

/// The string that a member must be; it must be there.
pub(crate) fn required_string<'a>(object: &mut Object<'a>, name: &str, path: Path) -> Result<Cow<'a, str>, Rejection> {
    string_of(object, name, path)?.ok_or_else(|| Rejection::shape(path.member(name), "a string", absence(object, name)))
}

/// The object that a member must be, when it is there.
pub(crate) fn object_of<'v, 'a>(
    object: &'v mut Object<'a>,
    name: &str,
    path: Path,
) -> Result<Option<&'v mut Object<'a>>, Rejection> {
    object.present_mut(name).map(|value| as_object(value, path.member(name))).transpose()
}

/// The object that a member must be; it must be there.
pub(crate) fn required_object<'v, 'a>(
    object: &'v mut Object<'a>,
    name: &str,
    path: Path,
) -> Result<&'v mut Object<'a>, Rejection> {
    let absence = absence(object, name);
    object_of(object, name, path)?.ok_or_else(|| Rejection::shape(path.member(name), "an object", absence))
}

/// The list that a member must be, when it is there.
pub(crate) fn list_of<'v, 'a>(
    object: &'v mut Object<'a>,
    name: &str,
    path: Path,
) -> Result<Option<&'v mut Vec<Value<'a>>>, Rejection> {
    object.present_mut(name).map(|value| as_list(value, path.member(name))).transpose()
}

/// As [`list_of`], for a list that items are to be added to: where it is absent an empty one is put in.
pub(crate) fn list_or_new<'v, 'a>(
    object: &'v mut Object<'a>,
    name: &'static str,
    path: Path,
) -> Result<&'v mut Vec<Value<'a>>, Rejection> {
    if object.present(name).is_none() {
        object.set(name, Value::Array(Vec::new()));
    }
    list_of(object, name, path)?.ok_or_else(|| Rejection::shape(path.member(name), "a list", "nothing"))
}

/// What a message says was found where a member is not present.
pub(crate) fn absence(object: &mut Object, name: &str) -> &'static str {
    if object.get(name).is_some() { "null" } else { "nothing" }
}

/// The members that were noted of an item that must be an object.
pub(crate) fn members_of<'a>(row: &Row<'a>, path: Path) -> Result<[Option<&'a str>; COLUMNS], Rejection> {
    match Value::Text(row.text).kind() {
        "an object" => Ok(row.members),
        found => Err(Rejection::shape(path, "an object", found)),
    }
}

/// The string that a noted member must be, when it is there.
pub(crate) fn noted_string<'a>(
    member: Option<&'a str>,
    name: &str,
    path: Path,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    member.map(|text| as_string(&Value::Text(text), path.member(name))).transpose()
}
