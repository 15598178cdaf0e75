//! S7 communication: the answer that carries a system status list, 0x0011 (modules) or 0x001c (names).

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

const MODULES: u16 = 0x0011;
const NAMES: u16 = 0x001c;
/// Records looked at.
const RECORDS_MAX: u16 = 32;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    // TPKT, COTP data, and S7 user data.
    let [3, 0, _, _, 2, 0xf0, _, 0x32, 7] = reader.array()? else { return None };
    reader.take(4)?;
    let (parameters, _data) = (reader.be16()?, reader.be16()?);
    let parameters = reader.take(usize::from(parameters))?;
    // An answer (8) of the CPU functions (4): read a status list (1).
    if !matches!(parameters, [_, _, _, _, _, 0x84, 1, ..]) {
        return None;
    }
    let [0xff, 9, _, _] = reader.array()? else { return None };
    let (list, _index, length, count) = (reader.be16()?, reader.be16()?, reader.be16()?, reader.be16()?);
    for _ in 0..count.min(RECORDS_MAX) {
        let record = reader.take(usize::from(length))?;
        match list & 0xff {
            MODULES => module(record, found)?,
            NAMES => name(record, found)?,
            _ => return None,
        }
    }
    Some(())
}

fn module<'a>(record: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(record);
    let (index, order_number) = (reader.be16()?, reader.take(20)?);
    reader.be16()?;
    match (index, reader.array()?) {
        (1, _) => found.says(Property::Reference, order_number),
        (7, [b'V', major, minor, patch]) => {
            found.says_text(Property::Software, format!("V{major}.{minor}.{patch}"));
        }
        _ => {}
    }
    Some(())
}

fn name<'a>(record: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let (index, text) = record.split_first_chunk()?;
    let property = match u16::from_be_bytes(*index) {
        1 => Property::Name,
        5 => Property::Serial,
        7 => Property::Description,
        _ => return Some(()),
    };
    found.says(property, text);
    Some(())
}
