//! DNP3 (IEEE 1815, 9.2.4): the link header in front of each frame names its sender's address, and which side it is.

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

/// Of the control byte: from the master.
const FROM_MASTER: u8 = 0x80;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let [0x05, 0x64, _length, control] = reader.array()? else { return None };
    let (_destination, source) = (reader.le16()?, reader.le16()?);
    let side = if control & FROM_MASTER == 0 { "outstation" } else { "master" };
    found.says_text(Property::Role, format!("DNP3 {side} {source}"));
    Some(())
}
