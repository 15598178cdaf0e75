//! DHCP requests (RFC 2131, 2132, 4702): what a client calls itself. It may have no address yet, and a relay may be the
//! sender, so it is known by the hardware address it gives.

use super::Found;
use super::reader::Reader;
use crate::model::key::Key;
use crate::model::mac::MacAddr;
use crate::model::property::{Property, Protocol};

const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Operation, hardware type, its address length: a request over Ethernet.
const REQUEST: [u8; 3] = [1, 1, 6];

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let fixed = reader.take(236)?;
    if !fixed.starts_with(&REQUEST) || reader.array()? != COOKIE {
        return None;
    }
    let mut mac = [0; 6];
    mac.copy_from_slice(&fixed[28..34]);
    found.is_about(Key::station(MacAddr::new(mac).usable_or_none()));
    found.speaks(Protocol::Dhcp);
    loop {
        let option = reader.u8()?;
        if option == 0 {
            continue;
        }
        if option == 255 {
            return Some(());
        }
        let length = usize::from(reader.u8()?);
        let value = reader.take(length)?;
        match option {
            12 => found.says(Property::Name, value),
            60 => found.says(Property::Description, value),
            _ => {}
        }
    }
}
