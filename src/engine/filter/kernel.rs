//! A filter for the kernel to run, without losing count.
//!
//! What must hold: every frame that came in from the line reaches the reader, so that it can be counted. A rejected
//! frame leaves a stub of one byte behind, an accepted one all its bytes up to the snapshot length; only what this
//! host sends itself vanishes. The kernel sees a tagged frame without its outer tag, so a program written for the
//! wire's bytes must not judge it there: it passes whole, to be judged by [`Program::matches_cut`].
//! (Documentation/networking/filter.rst, linux/filter.h.)

use super::op::{BESIDE_PACKET_TYPE, BESIDE_VLAN_TAG_PRESENT, code, statement};
use super::{Instruction, Program, guard};

/// Bytes that a rejected frame occupies.
pub const STUB_LEN: u32 = 1;
/// `PACKET_OUTGOING` (`linux/if_packet.h`).
const OUTGOING: u32 = 4;

/// Which frames the kernel passes on without having judged them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unjudged {
    /// None: a whole frame is an accepted frame.
    Nothing,
    /// Those whose outer tag was stripped.
    Tagged,
    /// All: the program is one the kernel's answer of which cannot be rewritten.
    Everything,
}

/// Rejects every frame: put before a capture begins and when it ends.
pub const REJECT_ALL: [Instruction; 1] = [statement(code::RET_K, 0)];

/// `program` for the kernel, and what it leaves to judge. Accepted frames are cut to `snaplen` bytes (at least 2).
pub fn rewrite(program: Option<&Program>, snaplen: u32) -> (Vec<Instruction>, Unjudged) {
    let snaplen = snaplen.max(STUB_LEN + 1);
    if let Some(program) = program {
        judging(program, snaplen).unwrap_or_else(|| (passing(snaplen), Unjudged::Everything))
    } else {
        (passing(snaplen), Unjudged::Nothing)
    }
}

/// Passes all that comes in.
fn passing(snaplen: u32) -> Vec<Instruction> {
    let mut out = incoming_only().to_vec();
    out.push(statement(code::RET_K, snaplen));
    out
}

/// `None` when the program computes its answer, cannot be guarded, or gets too long.
fn judging(program: &Program, snaplen: u32) -> Option<(Vec<Instruction>, Unjudged)> {
    let mut out = incoming_only().to_vec();
    let unjudged = if program.reads_tag_beside {
        // Registers begin at 0, and the check before used A.
        out.push(statement(code::LD_IMM, 0));
        Unjudged::Nothing
    } else {
        // Falls through with 0 in A.
        out.extend(pass_tagged(snaplen));
        Unjudged::Tagged
    };
    let guarded = guard::guard(program)?;
    let computed = guarded.iter().any(|instruction| instruction.code == code::RET_A);
    out.extend(guarded.into_iter().map(|instruction| with_stub(instruction, snaplen)));
    (!computed && out.len() <= Program::LEN_MAX).then_some((out, unjudged))
}

/// Drops what this host sent: a passive sensor counts what it receives.
const fn incoming_only() -> [Instruction; 3] {
    [
        statement(code::LD_W_ABS, BESIDE_PACKET_TYPE),
        Instruction { code: code::JEQ_K, jt: 0, jf: 1, k: OUTGOING },
        statement(code::RET_K, 0),
    ]
}

const fn pass_tagged(snaplen: u32) -> [Instruction; 3] {
    [
        statement(code::LD_W_ABS, BESIDE_VLAN_TAG_PRESENT),
        Instruction { code: code::JEQ_K, jt: 1, jf: 0, k: 0 },
        statement(code::RET_K, snaplen),
    ]
}

const fn with_stub(instruction: Instruction, snaplen: u32) -> Instruction {
    match instruction {
        Instruction { code: code::RET_K, k: 0, .. } => statement(code::RET_K, STUB_LEN),
        Instruction { code: code::RET_K, .. } => statement(code::RET_K, snaplen),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(text: &str) -> Program {
        Program::parse_ddd(text).unwrap()
    }

    #[test]
    fn a_rejecting_return_leaves_a_stub_and_an_accepting_one_the_snapshot() {
        let (out, unjudged) = rewrite(Some(&program("4,40 0 0 12,21 0 1 2054,6 0 0 262144,6 0 0 0")), 512);
        assert_eq!(unjudged, Unjudged::Tagged);
        let kept: Vec<_> = out.iter().filter(|i| i.code == code::RET_K).map(|i| i.k).collect();
        assert_eq!(kept, [0, 512, STUB_LEN, 512, STUB_LEN]);
        assert!(Program::new(out[3..].to_vec()).is_ok());
    }

    #[test]
    fn a_program_that_knows_of_the_stripped_tag_judges_every_frame() {
        let text = "4,48 0 0 4294963248,21 0 1 1,6 0 0 65535,6 0 0 0";
        assert_eq!(rewrite(Some(&program(text)), 512).1, Unjudged::Nothing);
    }

    #[test]
    fn a_computed_return_and_a_program_without_room_are_left_to_the_reader() {
        assert_eq!(rewrite(Some(&program("2,128 0 0 0,22 0 0 0")), 512).1, Unjudged::Everything);
        let long = vec![statement(code::RET_K, 1); Program::LEN_MAX - 5];
        assert_eq!(rewrite(Some(&Program::new(long).unwrap()), 512).1, Unjudged::Everything);
    }

    #[test]
    fn what_cannot_be_guarded_is_left_to_the_reader() {
        // ldx #0; div x: without a frame's byte, but it may end the program.
        assert_eq!(rewrite(Some(&program("3,1 0 0 0,60 0 0 0,6 0 0 1")), 512).1, Unjudged::Everything);
        // A branch over 100 loads has no room for their checks.
        let mut far = vec![Instruction { code: code::JEQ_K, jt: 100, jf: 0, k: 0 }];
        far.extend([statement(code::LD_W_ABS, 0); 100]);
        far.push(statement(code::RET_K, 1));
        assert_eq!(rewrite(Some(&Program::new(far).unwrap()), 512).1, Unjudged::Everything);
    }

    #[test]
    fn no_accepted_frame_is_as_short_as_a_stub() {
        assert_eq!(rewrite(None, 0).0.last(), Some(&statement(code::RET_K, 2)));
    }
}
