//! The rules of a program, those of the kernel's `bpf_check_classic` (net/core/filter.c).
//!
//! What must hold: a program that passes only jumps forward and stays inside itself, ends in a return, reads no
//! scratch word before it was written, and divides by no constant zero.

use super::op::{Arithmetic, Instruction, Op, Operand, Source};
use super::{Program, op};

/// Words of scratch memory (`BPF_MEMWORDS`).
pub(super) const SCRATCH_WORDS: usize = 16;
/// Absolute offsets from here on are negative to the kernel and mean something other than the frame.
pub(super) const NEGATIVE: u32 = 0x8000_0000;

/// Why a program was refused. Instructions are numbered from 0, as `tcpdump -d` prints them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no instruction.
    #[error("the filter program is empty")]
    Empty,
    /// More than [`Program::LEN_MAX`] instructions.
    #[error("the filter program has {0} instructions; {max} are allowed", max = Program::LEN_MAX)]
    TooLong(usize),
    /// Not an operation of classic BPF.
    #[error("instruction {at}: unknown operation {code:#06x}")]
    UnknownOperation {
        /// Position.
        at: usize,
        /// Its code.
        code: u16,
    },
    /// A jump leaves the program.
    #[error("instruction {0}: jumps out of the program")]
    JumpOutOfRange(usize),
    /// The last instruction is no return.
    #[error("the filter program does not end in a return")]
    NoReturn,
    /// Scratch memory has sixteen words.
    #[error("instruction {0}: no such scratch word")]
    NoSuchScratch(usize),
    /// A scratch word is read that not every way to here has written.
    #[error("instruction {0}: reads a scratch word that may not have been written")]
    UnsetScratch(usize),
    /// Division or remainder by the constant zero.
    #[error("instruction {0}: divides by zero")]
    DivisionByZero(usize),
    /// A shift by 32 bits or more.
    #[error("instruction {0}: shifts by more than 31 bits")]
    ShiftTooFar(usize),
    /// A load of kernel data other than the VLAN tag.
    #[error("instruction {0}: loads kernel data that this program does not have")]
    UnsupportedLoad(usize),
}

/// Checks and decodes a program.
pub(super) fn check(instructions: &[Instruction]) -> Result<Vec<Op>, ProgramError> {
    if instructions.len() > Program::LEN_MAX {
        return Err(ProgramError::TooLong(instructions.len()));
    }
    let ops = instructions.iter().enumerate().map(decode).collect::<Result<Vec<_>, _>>()?;
    for (at, op) in ops.iter().enumerate() {
        check_constants(at, op)?;
        check_jumps(at, op, ops.len())?;
    }
    match ops.last() {
        None => Err(ProgramError::Empty),
        Some(Op::Return(_) | Op::ReturnA) => check_scratch(&ops).map(|()| ops),
        Some(_) => Err(ProgramError::NoReturn),
    }
}

fn decode((at, &instruction): (usize, &Instruction)) -> Result<Op, ProgramError> {
    Op::decode(instruction).ok_or(ProgramError::UnknownOperation { at, code: instruction.code })
}

fn check_constants(at: usize, op: &Op) -> Result<(), ProgramError> {
    match *op {
        Op::LoadA(Source::Absolute(_, k)) | Op::LoadX(Source::HeaderLen(k)) if k >= NEGATIVE => {
            Err(ProgramError::UnsupportedLoad(at))
        }
        Op::LoadA(Source::Scratch(k)) | Op::LoadX(Source::Scratch(k)) | Op::StoreA(k) | Op::StoreX(k)
            if k as usize >= SCRATCH_WORDS =>
        {
            Err(ProgramError::NoSuchScratch(at))
        }
        Op::Alu(Arithmetic::Div | Arithmetic::Mod, Operand::Constant(0)) => {
            Err(ProgramError::DivisionByZero(at))
        }
        Op::Alu(Arithmetic::ShiftLeft | Arithmetic::ShiftRight, Operand::Constant(32..)) => {
            Err(ProgramError::ShiftTooFar(at))
        }
        _ => Ok(()),
    }
}

/// A jump counts from the instruction after it, so it cannot go back; it may go too far.
fn check_jumps(at: usize, op: &Op, len: usize) -> Result<(), ProgramError> {
    let after = len - at - 1;
    let inside = match *op {
        Op::Jump(distance) => (distance as usize) < after,
        Op::Branch { yes, no, .. } => usize::from(yes.max(no)) < after,
        _ => true,
    };
    if inside { Ok(()) } else { Err(ProgramError::JumpOutOfRange(at)) }
}

/// Follows every way through the program at once: `written[at]` has a bit for each scratch word that all ways to
/// `at` have written (the kernel's `check_load_and_stores`).
fn check_scratch(ops: &[Op]) -> Result<(), ProgramError> {
    let mut written = vec![u16::MAX; ops.len() + 1];
    let mut now = 0_u16;
    for (at, op) in ops.iter().enumerate() {
        now &= written[at];
        match *op {
            Op::StoreA(k) | Op::StoreX(k) => now |= 1 << k,
            Op::LoadA(Source::Scratch(k)) | Op::LoadX(Source::Scratch(k)) if now & (1 << k) == 0 => {
                return Err(ProgramError::UnsetScratch(at));
            }
            Op::Jump(distance) => {
                written[at + 1 + distance as usize] &= now;
                now = u16::MAX;
            }
            Op::Branch { yes, no, .. } => {
                written[at + 1 + usize::from(yes)] &= now;
                written[at + 1 + usize::from(no)] &= now;
                now = u16::MAX;
            }
            _ => {}
        }
    }
    Ok(())
}

const _: () = assert!(op::BESIDE >= NEGATIVE);
