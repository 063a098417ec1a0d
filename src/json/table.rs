//! Tables: the items of an array that are looked at and not changed.
//!
//! Of each item the text of a few members is noted, so that no item takes an allocation of its own.

use super::cursor::{Cursor, Expected};
use super::string::name_is;

/// How many members of an item a [`Shape::Table`](super::Shape::Table) notes. Names that are left over are empty.
pub(crate) const COLUMNS: usize = 4;

/// An item of an array, and the text of the members that its [`Shape::Table`](super::Shape::Table) names. Null is the
/// same as absent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    pub(crate) text: &'a str,
    pub(crate) members: [Option<&'a str>; COLUMNS],
}

impl<'a> Row<'a> {
    /// The members of a value, given its text.
    pub(crate) fn read(text: &'a str, columns: &[&str; COLUMNS]) -> Self {
        // The text was scanned when the document was read, so a second scan finds nothing wrong with it.
        read_row(&mut Cursor::new(text), columns).unwrap_or_default()
    }
}

/// Reads the array that comes next, noting these members.
pub(super) fn read_rows<'a>(cursor: &mut Cursor<'a>, columns: &[&str; COLUMNS]) -> Result<Vec<Row<'a>>, Expected> {
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
