//! CDP, in SNAP frames of Cisco's OUI: a checksum and a list of typed values.

use super::Found;
use super::reader::Reader;
use crate::model::key::Key;
use crate::model::property::{Property, Protocol};

const SNAP: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00];
/// Values looked at.
const VALUES_MAX: usize = 64;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes.strip_prefix(&SNAP)?);
    let [1 | 2, _, _, _] = reader.array()? else { return None };
    found.speaks(Protocol::Cdp);
    for _ in 0..VALUES_MAX {
        let (kind, length) = (reader.be16()?, usize::from(reader.be16()?));
        let value = reader.take(length.checked_sub(4)?)?;
        match kind {
            1 => found.says(Property::Name, value),
            2 => first_address(value, found)?,
            5 => found.says(Property::Description, value),
            6 => found.says(Property::Model, value),
            _ => {}
        }
    }
    Some(())
}

fn first_address(value: &[u8], found: &mut Found<'_>) -> Option<()> {
    let mut reader = Reader(value);
    // How many there are, then of the first: protocol type NLPID, its length, IP, the address' length.
    let [_, _, _, _, 1, 1, 0xcc, 0, 4] = reader.array()? else { return Some(()) };
    found.also_about(Key::EMPTY.with_v4(reader.be32()?));
    Some(())
}
