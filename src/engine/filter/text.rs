//! The decimal form of a program: `tcpdump -ddd`, or the same on one line with commas (`xt_bpf`).
//!
//! What must hold: reading stops at [`Program::LEN_MAX`] instructions, however long the text is.

use super::{Instruction, Program, ProgramError};

/// Why a text is not a filter program in decimal form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// The first line is not the number of instructions.
    #[error("line 1: expected the number of instructions, as `tcpdump -ddd` prints it")]
    Count,
    /// A line is not an instruction.
    #[error("line {line}: expected four numbers: operation, jump if true, jump if false, constant")]
    Instruction {
        /// Its number, counted from 1; of the comma-separated form, the number of the part.
        line: usize,
    },
    /// The count does not fit.
    #[error("line 1 says {said} instructions, {found} follow")]
    WrongCount {
        /// The count on the first line.
        said: usize,
        /// The instructions there are; counting stops at the limit.
        found: usize,
    },
    /// The instructions do not make a program.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

/// The instructions of a text, not yet checked.
pub(super) fn instructions(text: &str) -> Result<Vec<Instruction>, DecimalError> {
    let mut lines = (1..).zip(text.trim().split(['\n', ','])).filter(|(_, line)| !line.trim().is_empty());
    let count = lines.next().ok_or(DecimalError::Count)?.1;
    let said = count.trim().parse().map_err(|_| DecimalError::Count)?;
    if said > Program::LEN_MAX {
        return Err(ProgramError::TooLong(said).into());
    }
    let instructions = lines
        .take(Program::LEN_MAX + 1)
        .map(|(line, text)| instruction(text).ok_or(DecimalError::Instruction { line }))
        .collect::<Result<Vec<_>, _>>()?;
    match instructions.len() {
        found if found == said => Ok(instructions),
        found => Err(DecimalError::WrongCount { said, found }),
    }
}

fn instruction(text: &str) -> Option<Instruction> {
    let mut numbers = text.split_whitespace();
    let instruction = Instruction {
        code: numbers.next()?.parse().ok()?,
        jt: numbers.next()?.parse().ok()?,
        jf: numbers.next()?.parse().ok()?,
        k: numbers.next()?.parse().ok()?,
    };
    numbers.next().is_none().then_some(instruction)
}
