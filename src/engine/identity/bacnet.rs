//! BACnet over IP: I-Am (ASHRAE 135, 16.10). What a router passes on is said of a device elsewhere, and left out.

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

const FROM_ELSEWHERE: u8 = 0x08;
const TO_A_NETWORK: u8 = 0x20;
/// A forwarded message has its first sender before it.
const ORIGINAL: [u8; 2] = [0x0a, 0x0b];

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let [0x81, function, _, _, 1, control] = reader.array()? else { return None };
    if !ORIGINAL.contains(&function) || control & FROM_ELSEWHERE != 0 {
        return None;
    }
    if control & TO_A_NETWORK != 0 {
        let [_, _, length] = reader.array()?;
        // The address there, and the hop count.
        reader.take(usize::from(length) + 1)?;
    }
    // Unconfirmed request, I-Am, an object identifier of four bytes.
    let [0x10, 0, 0xc4] = reader.array()? else { return None };
    let device = reader.be32()? & 0x3f_ffff;
    found.says_text(Property::Name, format!("BACnet device {device}"));
    // Length accepted (an unsigned of one or two bytes), segmentation, vendor.
    let length = usize::from(reader.u8()? & 7);
    reader.take(length + 2)?;
    let vendor = match reader.u8()? {
        0x21 => u16::from(reader.u8()?),
        0x22 => reader.be16()?,
        _ => return None,
    };
    found.says_text(Property::Vendor, format!("BACnet vendor {vendor}"));
    Some(())
}
