//! IEC 60870-5-104: what a controlled station sends bears its common address (two bytes, as the companion standard has it).

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let [0x68, 10..=253, numbered, _, _, _] = reader.array()? else { return None };
    // Only numbered frames bear a unit: type, how many, cause, originator, address.
    let [1..=127, _, _, _] = reader.array().filter(|_| numbered & 1 == 0)? else { return None };
    found.says_text(Property::Role, format!("IEC 104 station {}", reader.le16()?));
    Some(())
}
