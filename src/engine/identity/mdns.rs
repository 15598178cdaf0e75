//! Multicast DNS (RFC 6762): a host answers with its own name for its own address. What it says of others is left out.

use super::Found;
use super::reader::Reader;
use crate::model::key::Key;
use crate::model::property::Property;
use std::net::IpAddr;

const ANSWER: u16 = 0x8000;
/// Records looked at, of all sections together.
const RECORDS_MAX: u16 = 32;
/// Of a name.
const LABELS_MAX: usize = 16;
/// The upper bit of a class says that older records are void.
const CLASS: u16 = 0x7fff;

pub(super) fn listen<'a>(bytes: &'a [u8], sender: Key, found: &mut Found<'a>) -> Option<()> {
    let mut reader = Reader(bytes);
    let [_transaction, flags, questions, answers, authorities, others] =
        [(); 6].map(|()| reader.be16().unwrap_or(0));
    if flags & ANSWER == 0 {
        return None;
    }
    for _ in 0..questions.min(RECORDS_MAX) {
        skip_name(&mut reader)?;
        reader.be32()?;
    }
    let records = answers.saturating_add(authorities).saturating_add(others);
    for _ in 0..records.min(RECORDS_MAX) {
        let name = first_label(bytes, &mut reader)?;
        let (kind, class, _lifetime) = (reader.be16()?, reader.be16()?, reader.be32()?);
        let length = usize::from(reader.be16()?);
        let address = address(kind, reader.take(length)?);
        if class & CLASS == 1 && address.is_some() && address == sender.address() {
            found.says(Property::Name, name);
            return Some(());
        }
    }
    None
}

fn address(kind: u16, data: &[u8]) -> Option<IpAddr> {
    match kind {
        1 => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
        28 => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        _ => None,
    }
}

/// The first label of a name, also where the name stands elsewhere; `reader` goes on behind it.
fn first_label<'a>(whole: &'a [u8], reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let here = *reader;
    skip_name(reader)?;
    let label = |mut at: Reader<'a>| match at.u8()? {
        length @ 1..=63 => at.take(usize::from(length)),
        _ => None,
    };
    match here.0 {
        // One pointer is followed: to a name that begins with a label.
        [high @ 0xc0..=0xff, low, ..] => {
            let place = usize::from(u16::from_be_bytes([high & 0x3f, *low]));
            label(Reader(whole.get(place..)?))
        }
        _ => label(here),
    }
}

fn skip_name(reader: &mut Reader<'_>) -> Option<()> {
    for _ in 0..LABELS_MAX {
        match reader.u8()? {
            0 => return Some(()),
            0xc0.. => return reader.u8().map(drop),
            length @ 1..=63 => drop(reader.take(usize::from(length))?),
            _ => return None,
        }
    }
    None
}
