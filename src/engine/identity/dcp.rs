//! PROFINET DCP (IEC 61158-6-10): answers to Identify and Get, and Hello.

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

const GET: u8 = 3;
const IDENTIFY: u8 = 5;
const HELLO: u8 = 6;
const ANSWER: u8 = 1;
/// Blocks looked at.
const BLOCKS_MAX: usize = 64;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let [_frame_high, _frame_low, service, kind, _, _, _, _, _, _] = reader.array()?;
    if !matches!((service, kind), (GET | IDENTIFY, ANSWER) | (HELLO, 0)) || bytes[0] != 0xfe {
        return None;
    }
    let length = usize::from(reader.be16()?);
    let mut blocks = Reader(reader.take_up_to(length));
    for _ in 0..BLOCKS_MAX {
        let [option, suboption] = blocks.array()?;
        let length = usize::from(blocks.be16()?);
        let block = blocks.take(length)?;
        blocks.take_up_to(length % 2);
        // The first word is the block's state.
        if option == 2 {
            device(suboption, block.get(2..)?, found);
        }
    }
    Some(())
}

fn device<'a>(suboption: u8, value: &'a [u8], found: &mut Found<'a>) {
    match (suboption, value) {
        (1, model) => found.says(Property::Model, model),
        (2, name) => found.says(Property::Name, name),
        (3, &[a, b, c, d]) => {
            let [vendor, device] = [[a, b], [c, d]].map(u16::from_be_bytes);
            found
                .says_text(Property::Vendor, format!("PROFINET vendor 0x{vendor:04x} device 0x{device:04x}"));
        }
        (4, &[role, ..]) => found.says_text(Property::Role, roles(role)),
        _ => {}
    }
}

fn roles(bits: u8) -> String {
    const ROLES: [&str; 4] = ["IO-Device", "IO-Controller", "IO-Multidevice", "PN-Supervisor"];
    let held = ROLES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    held.map(|(_, role)| *role).collect::<Vec<_>>().join(", ")
}
