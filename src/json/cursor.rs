//! One pass over JSON text. The cursor checks the grammar of RFC 8259 and hands out slices; it builds nothing.
//!
//! Every admission request is scanned from end to end, so this is the hot loop of the policy. `serde_json` can skip a
//! value but not say where it ends while it also reads what is inside, and pull parsers with positions were slower than
//! reading the request into `serde::de::IgnoredAny`. The tests hold the cursor against `serde_json`: but for how deep they
//! may nest, both accept and refuse the same texts.

use super::string::{mark, mark_below};

/// What was expected where the text of a cursor is not JSON. It is one pointer wide: the hot loop returns it from each
/// step, and what fits into a register costs nothing.
pub(crate) type Expected = &'static &'static str;

/// How deep arrays and objects may nest in a value that is passed over. policy-server takes no request that nests that
/// deep as a whole.
const MAX_DEPTH: u32 = 128;

/// The name of a member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    /// The text between its quotes.
    pub(crate) raw: &'a str,
    /// The position of the first quote, for [`Cursor::between`].
    pub(crate) start: usize,
}

/// A position in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes were read, also where something was not as expected.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The first byte of what comes next, after white space.
    #[inline(always)]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = self.byte()?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Succeeds when only white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Expected> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(&"the end"),
        }
    }

    /// Passes over the next value and gives its text.
    pub(crate) fn value(&mut self) -> Result<&'a str, Expected> {
        let start = self.position();
        self.skip()?;
        Ok(self.since(start))
    }

    /// Passes over the next value.
    pub(crate) fn skip(&mut self) -> Result<(), Expected> {
        // A copy that nothing else can see stays in registers.
        let mut cursor = *self;
        let result = cursor.skip_value();
        *self = cursor;
        result
    }

    /// Where the next value begins, for [`Cursor::since`].
    pub(crate) fn position(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// The text from a position up to here.
    pub(crate) fn since(&self, position: usize) -> &'a str {
        self.between(position, self.at)
    }

    /// The text between two positions.
    #[inline(always)]
    pub(crate) fn between(&self, start: usize, end: usize) -> &'a str {
        // Positions are beside ASCII characters, so they are character boundaries.
        self.text.get(start..end).unwrap_or_default()
    }

    /// Reads the object that comes next. `member` gets each name and must read its value.
    pub(crate) fn object(
        &mut self,
        member: impl FnMut(&mut Self, Name<'a>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        self.bracket(b'{', &"an object")?;
        if self.take(b'}') {
            return Ok(());
        }
        self.members(member)?;
        self.bracket(b'}', &"`,` or `}`")
    }

    /// As [`Cursor::object`], for what is between its brackets, where that is not empty.
    pub(crate) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Name<'a>) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        loop {
            let name = self.name()?;
            member(self, name)?;
            if !self.take(b',') {
                return Ok(());
            }
        }
    }

    /// Reads the array that comes next. `item` must read one value each time.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Expected>) -> Result<(), Expected> {
        self.bracket(b'[', &"an array")?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if !self.take(b',') {
                return self.bracket(b']', &"`,` or `]`");
            }
        }
    }

    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn take(&mut self, byte: u8) -> bool {
        // policy-server writes no white space.
        let found = self.byte() == Some(byte) || self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline(always)]
    fn bracket(&mut self, byte: u8, expected: Expected) -> Result<(), Expected> {
        if self.take(byte) { Ok(()) } else { Err(expected) }
    }

    #[inline(always)]
    fn name(&mut self) -> Result<Name<'a>, Expected> {
        if self.peek() != Some(b'"') {
            return Err(&"a member's name");
        }
        let start = self.at;
        self.skip_string()?;
        let raw = self.between(start + 1, self.at - 1);
        self.bracket(b':', &"`:`")?;
        Ok(Name { raw, start })
    }

    #[inline(always)]
    fn skip_value(&mut self) -> Result<(), Expected> {
        // One bit for each bracket that is open, 1 for an object: nesting costs no memory and cannot exhaust the stack.
        let mut objects: u128 = 0;
        let mut depth = 0;
        loop {
            match self.peek() {
                Some(b'"') => self.skip_string()?,
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    let object = bracket == b'{';
                    if depth == MAX_DEPTH {
                        return Err(&"at most 128 levels");
                    }
                    // The closing bracket is two characters after the opening one in ASCII.
                    if !self.take(bracket + 2) {
                        depth += 1;
                        objects = (objects << 1) | u128::from(object);
                        if object {
                            self.name()?;
                        }
                        continue;
                    }
                }
                Some(b't') => self.skip_word("true")?,
                Some(b'f') => self.skip_word("false")?,
                Some(b'n') => self.skip_word("null")?,
                Some(b'-' | b'0'..=b'9') => self.skip_number()?,
                _ => return Err(&"a value"),
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let object = objects & 1 == 1;
                if self.take(b',') {
                    if object {
                        self.name()?;
                    }
                    break;
                }
                if object {
                    self.bracket(b'}', &"`,` or `}`")?;
                } else {
                    self.bracket(b']', &"`,` or `]`")?;
                }
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    #[inline(always)]
    fn skip_word(&mut self, word: &'static str) -> Result<(), Expected> {
        if self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            Ok(())
        } else {
            Err(&"a value")
        }
    }

    #[inline(always)]
    fn skip_number(&mut self) -> Result<(), Expected> {
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.skip_digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.skip_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.skip_digits()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn skip_digits(&mut self) -> Result<(), Expected> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(&"a digit") } else { Ok(()) }
    }

    #[inline(always)]
    fn skip_string(&mut self) -> Result<(), Expected> {
        self.at += 1;
        loop {
            self.skip_plain();
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.skip_escape()?,
                Some(0x20..) => self.at += 1,
                Some(_) => return Err(&"an escaped control character"),
                None => return Err(&"the end of a string"),
            }
        }
    }

    /// Passes over eight bytes at a time while none of them is a quote, a backslash or a control character.
    #[inline(always)]
    fn skip_plain(&mut self) {
        while let Some(chunk) = self.text.as_bytes().get(self.at..).and_then(|rest| rest.first_chunk()) {
            let word = u64::from_le_bytes(*chunk);
            let special = mark(word, b'"') | mark(word, b'\\') | mark_below(word, 0x20);
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
    }

    #[inline(always)]
    fn skip_escape(&mut self) -> Result<(), Expected> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    self.at += 5;
                    Ok(())
                } else {
                    Err(&"four hexadecimal digits")
                }
            }
            _ => Err(&"an escape"),
        }
    }
}
