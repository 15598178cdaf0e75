//! Modbus over TCP: the answer to Read Device Identification (function 43, MEI type 14).

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let [_, _, 0, 0, _, _, _unit, 43, 14] = reader.array()? else { return None };
    // Which objects were asked for, how far the device conforms, whether more follow and from where.
    reader.take(4)?;
    let objects = reader.u8()?;
    for _ in 0..objects {
        let [object, length] = reader.array()?;
        let value = reader.take(usize::from(length))?;
        match object {
            0 => found.says(Property::Vendor, value),
            2 => found.says(Property::Software, value),
            1 => found.says(Property::Reference, value),
            4 | 5 => found.says(Property::Model, value),
            6 => found.says(Property::Name, value),
            _ => {}
        }
    }
    Some(())
}
