//! HTTP answers: the Server field (RFC 9110, 10.2.4). A request's Host is another's name, and left out.

use super::Found;
use crate::model::property::Property;

/// Bytes of a head that are looked at.
const HEAD_MAX: usize = 2048;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let head = &bytes[..bytes.len().min(HEAD_MAX)];
    if !head.starts_with(b"HTTP/1.") {
        return None;
    }
    let lines = head.split(|&byte| byte == b'\n').skip(1).take_while(|line| line.len() > 1);
    let (_, server) = lines
        .filter_map(|line| line.split_at_checked(7))
        .find(|(field, _)| field.eq_ignore_ascii_case(b"server:"))?;
    found.says(Property::Software, server);
    Some(())
}
