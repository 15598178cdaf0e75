//! The interpreter.
//!
//! What must hold: it ends. Each step leaves a shorter rest of the program to run, whatever the program is. A load
//! outside the frame and a division by zero reject the frame, as in the kernel.

use super::check::SCRATCH_WORDS;
use super::op::{Arithmetic, Op, Operand, Source, Test};
use super::packet::Packet;

/// Runs a program over a frame; the bytes to keep of it, 0 to reject it.
pub(super) fn run(ops: &[Op], packet: &Packet<'_>) -> u32 {
    let mut machine = Machine { packet, a: 0, x: 0, scratch: [0; SCRATCH_WORDS] };
    let mut rest = ops;
    while let Some((op, next)) = rest.split_first() {
        match machine.step(op) {
            Some(Step::Skip(distance)) => rest = next.get(distance..).unwrap_or_default(),
            Some(Step::Return(keep)) => return keep,
            None => return 0,
        }
    }
    0
}

struct Machine<'a> {
    packet: &'a Packet<'a>,
    a: u32,
    x: u32,
    scratch: [u32; SCRATCH_WORDS],
}

enum Step {
    Skip(usize),
    Return(u32),
}

impl Machine<'_> {
    /// One operation; `None` rejects the frame.
    #[inline]
    fn step(&mut self, op: &Op) -> Option<Step> {
        match *op {
            Op::LoadA(source) => self.a = self.load(source)?,
            Op::LoadX(source) => self.x = self.load(source)?,
            Op::StoreA(at) => *self.scratch.get_mut(at as usize)? = self.a,
            Op::StoreX(at) => *self.scratch.get_mut(at as usize)? = self.x,
            Op::Alu(arithmetic, with) => self.a = compute(arithmetic, self.a, self.operand(with))?,
            Op::Negate => self.a = self.a.wrapping_neg(),
            Op::AToX => self.x = self.a,
            Op::XToA => self.a = self.x,
            Op::Jump(distance) => return Some(Step::Skip(distance as usize)),
            Op::Branch { test, with, yes, no } => {
                let holds = test.holds(self.a, self.operand(with));
                return Some(Step::Skip(usize::from(if holds { yes } else { no })));
            }
            Op::Return(keep) => return Some(Step::Return(keep)),
            Op::ReturnA => return Some(Step::Return(self.a)),
        }
        Some(Step::Skip(0))
    }

    #[inline]
    fn load(&self, source: Source) -> Option<u32> {
        match source {
            Source::Absolute(width, at) => self.packet.load(width, at),
            Source::Indirect(width, at) => self.packet.load(width, self.x.checked_add(at)?),
            Source::HeaderLen(at) => {
                self.packet.load(super::op::Width::Byte, at).map(|byte| (byte & 0x0f) << 2)
            }
            Source::Len => Some(self.packet.len()),
            Source::Constant(value) => Some(value),
            Source::Scratch(at) => self.scratch.get(at as usize).copied(),
            Source::Beside(what) => Some(self.packet.beside(what)),
        }
    }

    const fn operand(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Constant(value) => value,
            Operand::X => self.x,
        }
    }
}

impl Test {
    const fn holds(self, a: u32, with: u32) -> bool {
        match self {
            Self::Equal => a == with,
            Self::Greater => a > with,
            Self::GreaterOrEqual => a >= with,
            Self::AnyBit => a & with != 0,
        }
    }
}

fn compute(arithmetic: Arithmetic, a: u32, with: u32) -> Option<u32> {
    Some(match arithmetic {
        Arithmetic::Add => a.wrapping_add(with),
        Arithmetic::Sub => a.wrapping_sub(with),
        Arithmetic::Mul => a.wrapping_mul(with),
        Arithmetic::Div => a.checked_div(with)?,
        Arithmetic::Mod => a.checked_rem(with)?,
        Arithmetic::Or => a | with,
        Arithmetic::And => a & with,
        Arithmetic::Xor => a ^ with,
        // As libpcap: all bits are shifted out.
        Arithmetic::ShiftLeft => a.checked_shl(with).unwrap_or(0),
        Arithmetic::ShiftRight => a.checked_shr(with).unwrap_or(0),
    })
}
