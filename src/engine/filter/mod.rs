//! Capture filters: classic BPF, the instruction set of `tcpdump -ddd` and of `SO_ATTACH_FILTER`.
//!
//! What must hold: a [`Program`] was checked when it was made, by the rules of the kernel's `bpf_check_classic`, so
//! running it can neither loop nor reach outside its scratch memory. A frame is judged as it was on the wire, also
//! when the kernel took its outer VLAN tag out. Sources: the BSD packet
//! filter paper (USENIX, winter 1993); Documentation/networking/filter.rst; libpcap's `bpf_filter.c`.
//!
//! | file | what |
//! |---|---|
//! | `op.rs` | one instruction, raw and decoded |
//! | `check.rs` | the rules a program must obey |
//! | `text.rs` | the decimal form |
//! | `packet.rs` | loads from a frame |
//! | `run.rs` | the interpreter |
//! | `by_link.rs` | a program for each link type |
//! | `guard.rs` | loads that cannot fail |
//! | [`kernel`] | the form the kernel can run without losing count |

mod by_link;
mod check;
mod guard;
pub mod kernel;
mod op;
mod packet;
mod run;
#[cfg(test)]
mod tests;
mod text;

pub use by_link::Filter;
pub use check::ProgramError;
pub use op::Instruction;
pub use text::DecimalError;

use crate::model::frame::Frame;
use op::Op;
use packet::Packet;

/// A checked filter program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    instructions: Box<[Instruction]>,
    ops: Box<[Op]>,
    reads_tag_beside: bool,
}

impl Program {
    /// The most instructions a program may have (the kernel's `BPF_MAXINSNS`).
    pub const LEN_MAX: usize = 4096;

    /// Checks a program.
    ///
    /// # Errors
    /// Names the first instruction that breaks a rule.
    pub fn new(instructions: Vec<Instruction>) -> Result<Self, ProgramError> {
        let ops = check::check(&instructions)?;
        let reads_tag_beside = ops.iter().any(Op::reads_tag_beside);
        Ok(Self { instructions: instructions.into(), ops: ops.into(), reads_tag_beside })
    }

    /// Reads the decimal form: `tcpdump -ddd` (one instruction a line, the count first), or the same on one line
    /// with commas, as `iptables -m bpf` takes it.
    ///
    /// # Errors
    /// Names the line that is not four numbers, or the first instruction that breaks a rule.
    pub fn parse_ddd(text: &str) -> Result<Self, DecimalError> {
        Ok(Self::new(text::instructions(text)?)?)
    }

    /// Whether the program accepts `frame`. Its `len` is the captured length.
    #[inline]
    pub fn matches(&self, frame: &Frame<'_>) -> bool {
        self.accepts(Packet::captured(frame))
    }

    /// Whether the program accepts a frame that may have been cut short: `len` is what the frame's length was,
    /// `original_len` being the bytes the capture reports, a stripped tag not included.
    #[inline]
    pub fn matches_cut(&self, frame: &Frame<'_>, original_len: u32) -> bool {
        self.accepts(Packet::cut(frame, original_len))
    }

    /// The instructions, as they were given.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// A program that asks for the tag beside the frame was written for a frame without it (libpcap writes such
    /// code for live Linux captures), so it gets to see just that; every other program sees the wire's bytes.
    fn accepts(&self, packet: Packet<'_>) -> bool {
        let packet = if self.reads_tag_beside { packet } else { packet.with_tag_restored() };
        run::run(&self.ops, &packet) != 0
    }
}
