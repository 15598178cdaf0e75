//! SNMP answers: sysDescr.0 and sysName.0, found by their encoded names, whatever is around them.

use super::Found;
use crate::model::property::Property;

/// OBJECT IDENTIFIER of eight bytes: 1.3.6.1.2.1.1.
const SYSTEM: [u8; 8] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x01];
const OCTET_STRING: u8 = 0x04;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    if bytes.first() != Some(&0x30) {
        return None;
    }
    for at in (0..bytes.len()).filter(|&at| bytes[at..].starts_with(&SYSTEM)) {
        let variable = &bytes[at + SYSTEM.len()..];
        match variable {
            [1, 0, OCTET_STRING, value @ ..] => found.says(Property::Description, string(value)?),
            [5, 0, OCTET_STRING, value @ ..] => found.says(Property::Name, string(value)?),
            _ => {}
        }
    }
    Some(())
}

/// A length of one, two or three bytes, and what it measures.
fn string(bytes: &[u8]) -> Option<&[u8]> {
    match *bytes {
        [length @ 0..=0x7f, ref rest @ ..] | [0x81, length, ref rest @ ..] => rest.get(..usize::from(length)),
        [0x82, high, low, ref rest @ ..] => rest.get(..usize::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}
