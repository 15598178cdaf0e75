//! EtherNet/IP: the answer to ListIdentity (CIP volume 2, 2-4.2).

use super::Found;
use super::reader::Reader;
use crate::model::property::Property;

const LIST_IDENTITY: u16 = 0x63;
const IDENTITY_ITEM: u16 = 0x0c;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    if reader.le16()? != LIST_IDENTITY {
        return None;
    }
    // The rest of the encapsulation header, then how many items there are; one is answered.
    reader.take(22)?;
    reader.le16()?;
    if reader.le16()? != IDENTITY_ITEM {
        return None;
    }
    // Its length, the protocol's version, a socket address.
    reader.take(2 + 2 + 16)?;
    let (vendor, kind, product) = (reader.le16()?, reader.le16()?, reader.le16()?);
    let [major, minor] = reader.array()?;
    reader.le16()?;
    let serial = reader.le32()?;
    let length = usize::from(reader.u8()?);
    let name = reader.take(length)?;
    found.says_text(Property::Vendor, format!("CIP vendor {vendor}"));
    found.says_text(Property::Role, format!("CIP device type {kind} product {product}"));
    found.says_text(Property::Software, format!("{major}.{minor}"));
    found.says_text(Property::Serial, format!("{serial:08x}"));
    found.says(Property::Model, name);
    Some(())
}
