//! Puts a length check before every load from the frame.
//!
//! What must hold: a guarded program judges as it did before, and ends only in returns that are written in it. In the
//! kernel a load outside the frame ends the program unwritten, and the frame is gone without having been counted.

use super::op::{Arithmetic, Instruction, Op, Operand, Source, Width, code, statement};
use super::{Program, check};

const REJECT: Instruction = statement(code::RET_K, 0);

/// `program` with every load checked; a failing check rejects. `None` where that cannot be written: all
/// scratch words are taken, a jump gets too long, or the program divides or shifts by X.
pub(super) fn guard(program: &Program) -> Option<Vec<Instruction>> {
    let spare = spare_scratch(&program.ops);
    let groups = program.ops.iter().zip(&program.instructions);
    let groups = groups.map(|(op, &own)| group(op, own, spare)).collect::<Option<Vec<_>>>()?;
    let starts = starts(&groups);
    let mut out = Vec::with_capacity(groups.iter().map(Vec::len).sum());
    for (at, group) in groups.iter().enumerate() {
        let (&own, checks) = group.split_last()?;
        out.extend_from_slice(checks);
        out.push(retarget(own, &program.ops[at], at, &starts)?);
    }
    Some(out)
}

/// A scratch word that the program leaves alone.
fn spare_scratch(ops: &[Op]) -> Option<u32> {
    let used = |word| {
        ops.iter().any(|op| match *op {
            Op::StoreA(k) | Op::StoreX(k) => k == word,
            _ => false,
        })
    };
    (0..16).rev().find(|&word| !used(word))
}

/// An instruction with its checks before it.
fn group(op: &Op, own: Instruction, spare: Option<u32>) -> Option<Vec<Instruction>> {
    Some(match *op {
        Op::LoadA(Source::Absolute(width, k)) => check_absolute(own, end(width, k)?).into(),
        Op::LoadA(Source::Indirect(width, k)) => check_indirect(own, end(width, k)?).into(),
        Op::LoadX(Source::HeaderLen(k)) => check_header(own, end(Width::Byte, k)?, spare?).into(),
        // Zero ends the program, and shifts by more than 31 bits differ from one kernel to another.
        Op::Alu(
            Arithmetic::Div | Arithmetic::Mod | Arithmetic::ShiftLeft | Arithmetic::ShiftRight,
            Operand::X,
        ) => return None,
        _ => vec![own],
    })
}

/// The length a frame needs for a load; `None` for offsets that are negative to the kernel.
fn end(width: Width, k: u32) -> Option<u32> {
    let size = match width {
        Width::Byte => 1,
        Width::Half => 2,
        Width::Word => 4,
    };
    k.checked_add(size).filter(|&end| end < check::NEGATIVE)
}

/// A is about to be overwritten, so it is free.
const fn check_absolute(own: Instruction, end: u32) -> [Instruction; 4] {
    [statement(code::LD_LEN, 0), branch(code::JGE_K, 1, 0, end), REJECT, own]
}

/// `end <= len` and `X <= len - end`, in that order so that nothing wraps.
const fn check_indirect(own: Instruction, end: u32) -> [Instruction; 6] {
    [
        statement(code::LD_LEN, 0),
        branch(code::JGE_K, 0, 2, end),
        statement(code::SUB_K, end),
        branch(code::JGE_X, 1, 0, 0),
        REJECT,
        own,
    ]
}

/// This load goes to X; A is kept in a scratch word meanwhile.
const fn check_header(own: Instruction, end: u32, spare: u32) -> [Instruction; 6] {
    [
        statement(code::ST, spare),
        statement(code::LD_LEN, 0),
        branch(code::JGE_K, 1, 0, end),
        REJECT,
        statement(code::LD_MEM, spare),
        own,
    ]
}

const fn branch(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
    Instruction { code, jt, jf, k }
}

/// Where each group begins, and where the last one ends.
fn starts(groups: &[Vec<Instruction>]) -> Vec<usize> {
    let mut next = 0;
    let mut starts = vec![0];
    starts.extend(groups.iter().map(|group| {
        next += group.len();
        next
    }));
    starts
}

/// A jump over groups instead of instructions. A group's own instruction is its last.
fn retarget(own: Instruction, op: &Op, at: usize, starts: &[usize]) -> Option<Instruction> {
    let over = |distance: usize| Some(starts.get(at + 1 + distance)? - starts[at + 1]);
    Some(match *op {
        Op::Jump(distance) => Instruction { k: u32::try_from(over(distance as usize)?).ok()?, ..own },
        Op::Branch { yes, no, .. } => Instruction {
            jt: u8::try_from(over(yes.into())?).ok()?,
            jf: u8::try_from(over(no.into())?).ok()?,
            ..own
        },
        _ => own,
    })
}
