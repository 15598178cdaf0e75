//! NetBIOS name registration (RFC 1002, 4.2.2): a host says its own name.

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

/// Flags: request, registration.
const KIND_MASK: u16 = 0xf800;
const REGISTRATION: u16 = 5 << 11;
/// The sixteenth byte of names that are a host's own: workstation, server.
const OWN: [u8; 2] = [0x00, 0x20];
const GROUP: u16 = 0x8000;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let (_transaction, flags) = (reader.be16()?, reader.be16()?);
    reader.take(8)?;
    let (length, letters) = (reader.u8()?, reader.array::<32>()?);
    // End of name, type, class; then the pointer to the name, type, class, time to live, length.
    reader.take(5 + 2 + 2 + 2 + 4 + 2)?;
    let is_group = reader.be16()? & GROUP != 0;
    if flags & KIND_MASK != REGISTRATION || length != 32 || is_group {
        return None;
    }
    let mut name = [0; 16];
    for (byte, pair) in name.iter_mut().zip(letters.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|letter| letter.wrapping_sub(b'A'));
        if high > 15 || low > 15 {
            return None;
        }
        *byte = high << 4 | low;
    }
    if OWN.contains(&name[15]) {
        found.says(Property::Name, name[..15].to_vec());
    }
    Some(())
}
