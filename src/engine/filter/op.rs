//! One instruction: as the kernel stores it, and decoded.
//!
//! What must hold: every code the kernel's `chk_code_allowed` knows has exactly one decoded form; no other code has.

/// One instruction as in `struct sock_filter` (linux/filter.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip when the test holds.
    pub jt: u8,
    /// Instructions to skip when it does not.
    pub jf: u8,
    /// Constant, offset or distance.
    pub k: u32,
}

/// Codes that the rewriting for the kernel emits or looks for.
pub(super) mod code {
    pub(in super::super) const LD_IMM: u16 = 0x00;
    pub(in super::super) const LD_W_ABS: u16 = 0x20;
    pub(in super::super) const LD_MEM: u16 = 0x60;
    pub(in super::super) const LD_LEN: u16 = 0x80;
    pub(in super::super) const ST: u16 = 0x02;
    pub(in super::super) const SUB_K: u16 = 0x14;
    pub(in super::super) const JEQ_K: u16 = 0x15;
    pub(in super::super) const JGE_K: u16 = 0x35;
    pub(in super::super) const JGE_X: u16 = 0x3d;
    pub(in super::super) const RET_K: u16 = 0x06;
    pub(in super::super) const RET_A: u16 = 0x16;
}

/// An instruction that does not jump.
pub(super) const fn statement(code: u16, k: u32) -> Instruction {
    Instruction { code, jt: 0, jf: 0, k }
}

/// Loads at or above this offset read what the kernel keeps beside the frame (`SKF_AD_OFF`, linux/filter.h).
pub(super) const BESIDE: u32 = 0xffff_f000;
/// `SKF_AD_PKTTYPE`: to us, to others, outgoing.
pub(super) const BESIDE_PACKET_TYPE: u32 = BESIDE + 4;
const BESIDE_VLAN_TAG: u32 = BESIDE + 44;
/// `SKF_AD_VLAN_TAG_PRESENT`: 1 when the kernel took a tag out of the frame.
pub(super) const BESIDE_VLAN_TAG_PRESENT: u32 = BESIDE + 48;
const BESIDE_VLAN_TPID: u32 = BESIDE + 60;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    Byte,
    Half,
    Word,
}

/// What a load puts into a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// Bytes of the frame at a fixed offset.
    Absolute(Width, u32),
    /// Bytes of the frame at X plus an offset.
    Indirect(Width, u32),
    /// Four times the low nibble of a byte: the length of an IPv4 header.
    HeaderLen(u32),
    Len,
    Constant(u32),
    Scratch(u32),
    Beside(Beside),
}

/// The stripped VLAN tag beside a frame; nothing else that the kernel keeps there is supported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::enum_variant_names, reason = "all of them speak of the tag today")]
pub(super) enum Beside {
    Tci,
    Present,
    Tpid,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operand {
    Constant(u32),
    X,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Or,
    And,
    Xor,
    ShiftLeft,
    ShiftRight,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Test {
    Equal,
    Greater,
    GreaterOrEqual,
    AnyBit,
}

/// One instruction, decoded. A is the accumulator, X the index register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    LoadA(Source),
    LoadX(Source),
    StoreA(u32),
    StoreX(u32),
    Alu(Arithmetic, Operand),
    Negate,
    AToX,
    XToA,
    Jump(u32),
    Branch { test: Test, with: Operand, yes: u8, no: u8 },
    ReturnA,
    Return(u32),
}

impl Op {
    /// Decodes one instruction; `None` for a code that classic BPF does not have.
    pub(super) fn decode(instruction: Instruction) -> Option<Self> {
        let Instruction { code, k, .. } = instruction;
        if code > 0xff {
            return None;
        }
        match code & 0x07 {
            0x00 => decode_load(code, k).map(Self::LoadA),
            0x01 => decode_load_x(code, k).map(Self::LoadX),
            0x04 => decode_alu(code, k),
            0x05 => decode_jump(instruction),
            _ => decode_rest(code, k),
        }
    }

    /// Whether the operation reads the VLAN tag from beside the frame.
    pub(super) const fn reads_tag_beside(&self) -> bool {
        matches!(self, Self::LoadA(Source::Beside(_)))
    }
}

fn decode_load(code: u16, k: u32) -> Option<Source> {
    Some(match code {
        code::LD_IMM => Source::Constant(k),
        code::LD_MEM => Source::Scratch(k),
        code::LD_LEN => Source::Len,
        code::LD_W_ABS | 0x28 | 0x30 => match beside(k) {
            // As in the kernel, the width does not matter here.
            Some(what) => Source::Beside(what),
            None => Source::Absolute(width(code)?, k),
        },
        0x40 | 0x48 | 0x50 => Source::Indirect(width(code)?, k),
        _ => return None,
    })
}

const fn beside(k: u32) -> Option<Beside> {
    match k {
        BESIDE_VLAN_TAG => Some(Beside::Tci),
        BESIDE_VLAN_TAG_PRESENT => Some(Beside::Present),
        BESIDE_VLAN_TPID => Some(Beside::Tpid),
        _ => None,
    }
}

const fn width(code: u16) -> Option<Width> {
    match code & 0x18 {
        0x00 => Some(Width::Word),
        0x08 => Some(Width::Half),
        0x10 => Some(Width::Byte),
        _ => None,
    }
}

const fn decode_load_x(code: u16, k: u32) -> Option<Source> {
    Some(match code {
        0x01 => Source::Constant(k),
        0x61 => Source::Scratch(k),
        0x81 => Source::Len,
        0xb1 => Source::HeaderLen(k),
        _ => return None,
    })
}

const fn operand(code: u16, k: u32) -> Operand {
    if code & 0x08 == 0 { Operand::Constant(k) } else { Operand::X }
}

const fn decode_alu(code: u16, k: u32) -> Option<Op> {
    let arithmetic = match code & 0xf0 {
        0x00 => Arithmetic::Add,
        0x10 => Arithmetic::Sub,
        0x20 => Arithmetic::Mul,
        0x30 => Arithmetic::Div,
        0x40 => Arithmetic::Or,
        0x50 => Arithmetic::And,
        0x60 => Arithmetic::ShiftLeft,
        0x70 => Arithmetic::ShiftRight,
        0x80 if code == 0x84 => return Some(Op::Negate),
        0x90 => Arithmetic::Mod,
        0xa0 => Arithmetic::Xor,
        _ => return None,
    };
    Some(Op::Alu(arithmetic, operand(code, k)))
}

const fn decode_jump(instruction: Instruction) -> Option<Op> {
    let Instruction { code, jt, jf, k } = instruction;
    let test = match code & 0xf0 {
        0x00 if code == 0x05 => return Some(Op::Jump(k)),
        0x10 => Test::Equal,
        0x20 => Test::Greater,
        0x30 => Test::GreaterOrEqual,
        0x40 => Test::AnyBit,
        _ => return None,
    };
    Some(Op::Branch { test, with: operand(code, k), yes: jt, no: jf })
}

const fn decode_rest(code: u16, k: u32) -> Option<Op> {
    Some(match code {
        code::ST => Op::StoreA(k),
        0x03 => Op::StoreX(k),
        code::RET_K => Op::Return(k),
        code::RET_A => Op::ReturnA,
        0x07 => Op::AToX,
        0x87 => Op::XToA,
        _ => return None,
    })
}
