//! GOOSE and Sampled Values (IEC 61850-8-1, 9-2): the name of the control block or stream that a station publishes.

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

/// The identifier of a GOOSE, and of the sequence around Sampled Values.
const GOOSE: u8 = 0x61;
const STREAMS: u8 = 0x60;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let (application, _length, _reserved) = (reader.be16()?, reader.be16()?, reader.be32()?);
    let (tag, body) = element(&mut reader)?;
    let (publishes, name) = match tag {
        GOOSE => ("GOOSE", first(body, 0x80)?),
        // How many, perhaps what guards them, then the streams; the first one's name comes first.
        STREAMS => ("Sampled Values", first(first(among(body, 0xa2)?, 0x30)?, 0x80)?),
        _ => return None,
    };
    found.says_text(Property::Role, format!("{publishes} publisher, APPID 0x{application:04x}"));
    found.says(Property::Description, name);
    Some(())
}

/// A tag of one byte, and what follows its length, as far as there is.
fn element<'a>(reader: &mut Reader<'a>) -> Option<(u8, &'a [u8])> {
    let (tag, length) = (reader.u8()?, reader.u8()?);
    let length = match length {
        0x81 => usize::from(reader.u8()?),
        0x82 => usize::from(reader.be16()?),
        short @ 0..=0x7f => usize::from(short),
        _ => return None,
    };
    Some((tag, reader.take_up_to(length)))
}

/// The first element, if it has this tag.
fn first(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    let (tag, body) = element(&mut Reader(bytes))?;
    (tag == wanted).then_some(body)
}

/// The element of this tag among the first four.
fn among(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut reader = Reader(bytes);
    let mut elements = (0..4).map_while(|_| element(&mut reader));
    elements.find(|(tag, _)| *tag == wanted).map(|(_, body)| body)
}
