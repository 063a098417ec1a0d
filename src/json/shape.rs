//! Shapes: which parts of a document are opened while it is read.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Object, Value};

/// Which parts of a document are opened. A part that has another shape than this says stays as it came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Anything; it stays as it came.
    Any,
    /// An object. The members of these names have these shapes, all others [`Shape::Any`].
    Object(&'static [(&'static str, Shape)]),
    /// A list of items of this shape.
    List(&'static Shape),
}

/// Reads one document.
pub(super) fn parse<'a>(text: &'a str, shape: &Shape) -> Result<Value<'a>, serde_json::Error> {
    match read(text, shape) {
        // Either the text is not JSON, or some part has another shape than expected. serde's words about the latter would
        // quote the text, and reading has stopped there, so the document is read once more, each level by itself.
        Err(_) => read(text, &Shape::Any).and_then(|value| open(value, shape)),
        result => result,
    }
}

/// Reads one document in one pass. It fails where a part has another shape.
pub(super) fn read<'a>(text: &'a str, shape: &Shape) -> Result<Value<'a>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = shape.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Opens a value level by level. A part that has another shape stays as it is.
pub(super) fn open<'a>(value: Value<'a>, shape: &Shape) -> Result<Value<'a>, serde_json::Error> {
    let Value::Raw(raw) = value else { return Ok(value) };
    match (raw.get().as_bytes().first(), shape) {
        (Some(b'{'), Shape::Object(shapes)) => {
            let Value::Object(members) = read(raw.get(), &Shape::Object(&[]))? else { return Ok(value) };
            let mut object = Object::default();
            for (name, value) in members.members {
                let value = open(value, shape_of(&name, shapes))?;
                object.push(name, value);
            }
            Ok(Value::Object(object))
        }
        (Some(b'['), Shape::List(shape)) => {
            let Value::List(items) = read(raw.get(), &Shape::List(&Shape::Any))? else { return Ok(value) };
            items.into_iter().map(|item| open(item, shape)).collect::<Result<_, _>>().map(Value::List)
        }
        _ => Ok(value),
    }
}

fn shape_of(name: &str, shapes: &'static [(&'static str, Shape)]) -> &'static Shape {
    shapes.iter().find(|(known, _)| *known == name).map_or(&Shape::Any, |(_, shape)| shape)
}

impl<'de> DeserializeSeed<'de> for &Shape {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self {
            Shape::Any => <&RawValue>::deserialize(deserializer).map(Value::Raw),
            // An object or a list may be null. Asking for an option leaves the rest to `visit_some`, where
            // `deserialize_any` would read numbers that no machine type holds.
            Shape::Object(_) | Shape::List(_) => deserializer.deserialize_option(Opening(self)),
        }
    }
}

/// Reads what a shape opens.
struct Opening<'s>(&'s Shape);

impl<'de> Visitor<'de> for Opening<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self.0 {
            Shape::Any => "a value",
            Shape::Object(_) => "an object",
            Shape::List(_) => "a list",
        })
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Raw(RawValue::NULL))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            Shape::List(_) => deserializer.deserialize_seq(self),
            _ => deserializer.deserialize_map(self),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Shape::Object(shapes) = self.0 else { return Err(de::Error::custom("not an object")) };
        let mut object = Object::default();
        while let Some(name) = map.next_key_seed(Name)? {
            let value = map.next_value_seed(shape_of(&name, shapes))?;
            object.push(name, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Shape::List(shape) = self.0 else { return Err(de::Error::custom("not a list")) };
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(*shape)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
}

/// Reads the name of a member, and borrows it where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
