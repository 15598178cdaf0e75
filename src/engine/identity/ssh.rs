//! SSH (RFC 4253, 4.2): the line by which each side begins names its program.

use super::Found;
use crate::model::property::Property;

/// Of the line.
const LINE_MAX: usize = 255;

pub(super) fn listen<'a>(bytes: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let program = bytes.strip_prefix(b"SSH-2.0-").or_else(|| bytes.strip_prefix(b"SSH-1.99-"))?;
    let end = program.iter().take(LINE_MAX).position(|byte| matches!(byte, b'\r' | b'\n'))?;
    found.says(Property::Software, &program[..end]);
    Some(())
}
