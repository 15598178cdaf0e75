//! OPC UA (OPC 10000-4, 10000-6): how an application describes itself, a client when it opens a session, a server when it
//! is asked for its endpoints. In clear text only; what is encrypted is no such message.

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

/// The numbers of the binary encodings.
const CREATE_SESSION_REQUEST: u16 = 461;
const GET_ENDPOINTS_RESPONSE: u16 = 431;
/// Strings of a header's table.
const STRINGS_MAX: u32 = 16;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes.strip_prefix(b"MSGF")?);
    // Size, channel, token, sequence and request.
    reader.take(20)?;
    let [1, 0] = reader.array()? else { return None };
    match reader.le16()? {
        CREATE_SESSION_REQUEST => request_header(&mut reader)?,
        GET_ENDPOINTS_RESPONSE => {
            response_header(&mut reader)?;
            // One endpoint at least, with its URL before its server.
            (reader.le32()? > 0).then_some(())?;
            string(&mut reader)?;
        }
        _ => return None,
    }
    description(&mut reader, found)
}

fn description<'a>(reader: &mut Reader<'a>, found: &mut Found<'a>) -> Option<()> {
    found.says(Property::Description, string(reader)?);
    found.says(Property::Model, string(reader)?);
    let parts = reader.u8()?;
    if parts & 1 != 0 {
        string(reader)?;
    }
    if parts & 2 != 0 {
        found.says(Property::Name, string(reader)?);
    }
    Some(())
}

fn request_header(reader: &mut Reader<'_>) -> Option<()> {
    node_id(reader)?;
    // Time, handle, wanted diagnostics.
    reader.take(16)?;
    string(reader)?;
    reader.take(4)?;
    extension(reader)
}

fn response_header(reader: &mut Reader<'_>) -> Option<()> {
    // Time, handle, result; then diagnostics, of which there are none where it went well.
    reader.take(16)?;
    (reader.u8()? == 0).then_some(())?;
    let strings = reader.le32()?;
    for _ in 0..if strings == u32::MAX { 0 } else { strings.min(STRINGS_MAX) } {
        string(reader)?;
    }
    extension(reader)
}

/// No extension: a node id and no body.
fn extension(reader: &mut Reader<'_>) -> Option<()> {
    node_id(reader)?;
    (reader.u8()? == 0).then_some(())
}

fn node_id(reader: &mut Reader<'_>) -> Option<()> {
    let length = match reader.u8()? {
        0 => 1,
        1 => 3,
        2 => 6,
        4 => 18,
        3 | 5 => {
            reader.take(2)?;
            return string(reader).map(drop);
        }
        _ => return None,
    };
    reader.take(length).map(drop)
}

/// A length, or -1 for none, and so many bytes.
fn string<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    match reader.le32()? {
        u32::MAX => Some(&[]),
        length => reader.take(usize::try_from(length).ok()?),
    }
}
