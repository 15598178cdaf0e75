//! The strictest reader of the least XML: named elements in a fixed order, without attributes, and plain text in them.
//!
//! Nothing is looked up and nothing nests deeper than the caller asks, whatever the bytes say.

use super::refusal::CodeRefusal;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Characters of one value at most.
const VALUE_MAX: usize = 256;

/// A place in a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Read ahead.
    next: Option<Event<'a>>,
    /// Where the event read ahead begins.
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, reader: Reader::from_str(text), next: None, at: 0 }
    }

    /// The byte at which the next event begins.
    pub(super) fn position(&self) -> usize {
        if self.next.is_some() { self.at } else { self.end() }
    }

    fn end(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The bytes between two positions.
    pub(super) fn bytes(&self, from: usize, to: usize) -> &'a [u8] {
        self.text.as_bytes().get(from..to).unwrap_or_default()
    }

    fn event(&mut self) -> Result<Event<'a>, CodeRefusal> {
        if let Some(event) = self.next.take() {
            return Ok(event);
        }
        match self.reader.read_event().map_err(|_| CodeRefusal::Syntax)? {
            Event::DocType(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::Decl(_)
            | Event::CData(_)
            | Event::GeneralRef(_) => Err(CodeRefusal::Markup),
            event => Ok(event),
        }
    }

    fn peek(&mut self) -> Result<&Event<'a>, CodeRefusal> {
        if self.next.is_none() {
            self.at = self.end();
            self.next = Some(self.event()?);
        }
        self.next.as_ref().ok_or(CodeRefusal::Syntax)
    }

    /// Whether the element `name` begins here.
    pub(super) fn is_at(&mut self, name: &str) -> Result<bool, CodeRefusal> {
        let at = matches!(self.peek()?, Event::Start(start) if start.name().as_ref() == name);
        Ok(at)
    }

    /// The element `name` begins.
    pub(super) fn open(&mut self, name: &str) -> Result<(), CodeRefusal> {
        match self.event()? {
            Event::Start(start) => bare(&start, name),
            Event::Eof => Err(CodeRefusal::Syntax),
            _ => Err(CodeRefusal::Element),
        }
    }

    /// The element `name` ends.
    pub(super) fn close(&mut self, name: &str) -> Result<(), CodeRefusal> {
        match self.event()? {
            Event::End(end) if end.name().as_ref() == name => Ok(()),
            Event::Eof => Err(CodeRefusal::Syntax),
            _ => Err(CodeRefusal::Element),
        }
    }

    /// The value of the element `name`, empty as well.
    pub(super) fn value(&mut self, name: &str) -> Result<String, CodeRefusal> {
        if let Event::Empty(start) = self.peek()? {
            bare(&start.to_owned(), name)?;
            self.next = None;
            return Ok(String::new());
        }
        self.open(name)?;
        let Event::Text(_) = self.peek()? else { return self.close(name).map(|()| String::new()) };
        let Event::Text(text) = self.event()? else { return Err(CodeRefusal::Syntax) };
        let text = text.into_inner().into_owned();
        self.close(name)?;
        if text.chars().count() <= VALUE_MAX { Ok(text) } else { Err(CodeRefusal::Value) }
    }

    /// Nothing follows.
    pub(super) fn finish(&mut self) -> Result<(), CodeRefusal> {
        if matches!(self.event()?, Event::Eof) { Ok(()) } else { Err(CodeRefusal::Element) }
    }
}

/// The name and nothing else, not even a space.
fn bare(start: &BytesStart<'_>, name: &str) -> Result<(), CodeRefusal> {
    match (start.name().as_ref() == name, start.attributes_raw().is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(CodeRefusal::Markup),
        (false, _) => Err(CodeRefusal::Element),
    }
}
