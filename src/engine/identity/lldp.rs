//! LLDP (IEEE 802.1AB), with the inventory of LLDP-MED (ANSI/TIA-1057).

use super::Found;
use super::reader::Reader;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::property::Property;

const MED: [u8; 3] = [0x00, 0x12, 0xbb];

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    loop {
        let head = reader.be16()?;
        let value = reader.take(usize::from(head & 0x1ff))?;
        match head >> 9 {
            0 => return Some(()),
            1 => chassis(value, found),
            5 => found.says(Property::Name, value),
            6 => found.says(Property::Description, value),
            8 => management_address(value, found),
            127 => organization(value, found),
            _ => {}
        }
    }
}

/// A station's ports have MACs of their own; its chassis' MAC is often the one it talks with.
fn chassis(value: &[u8], found: &mut Found<'_>) {
    if let [4, mac @ ..] = value
        && let Ok(mac) = mac.try_into().map(MacAddr::new)
    {
        found.also_about(Key::station(mac.usable_or_none()));
    }
}

fn management_address(value: &[u8], found: &mut Found<'_>) {
    if let [5, 1, a, b, c, d, ..] = *value {
        found.also_about(Key::EMPTY.with_v4(u32::from_be_bytes([a, b, c, d])));
    }
}

fn organization<'a>(value: &'a [u8], found: &mut Found<'a>) {
    let Some((&[a, b, c, subtype], text)) = value.split_first_chunk() else { return };
    let property = match ([a, b, c], subtype) {
        (MED, 5) => Property::Hardware,
        (MED, 6 | 7) => Property::Software,
        (MED, 8) => Property::Serial,
        (MED, 9) => Property::Vendor,
        (MED, 10) => Property::Model,
        _ => return,
    };
    found.says(property, text);
}
