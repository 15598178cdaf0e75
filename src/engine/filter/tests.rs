//! Hostile programs, and what the interpreter must do. Those of libpcap's compiler, where libpcap is built in, in `libpcap`.

#[cfg(feature = "libpcap")]
mod libpcap;

use super::*;
use crate::model::frame::{LinkType, VlanTag};
use crate::model::time::CaptureTime;
use proptest::prelude::*;

fn frame(bytes: &[u8], stripped_tag: Option<VlanTag>) -> Frame<'_> {
    Frame { link: LinkType::Ethernet, time: CaptureTime::MIN, bytes, stripped_tag }
}

proptest! {
    #[test]
    fn any_instructions_are_refused_or_run_to_an_end(
        codes in prop::collection::vec((0_u16..0x100, 0_u8..6, 0_u8..6, 0_u32..40), 1..40),
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut instructions: Vec<_> = codes.into_iter().filter_map(known).collect();
        instructions.push(Instruction { code: 6, jt: 0, jf: 0, k: 1 });
        if let Ok(program) = Program::new(instructions) {
            program.matches(&frame(&bytes, Some(VlanTag { tpid: 0x8100, tci: 1 })));
        }
    }

    #[test]
    fn any_text_is_refused_or_parsed(text in "[0-9 ,\n]{0,80}") {
        let _ = Program::parse_ddd(&text);
    }
}

fn known((code, jt, jf, k): (u16, u8, u8, u32)) -> Option<Instruction> {
    let instruction = Instruction { code, jt, jf, k };
    Op::decode(instruction).map(|_| instruction)
}

fn refusal(instructions: &[(u16, u8, u8, u32)]) -> ProgramError {
    let raw = |&(code, jt, jf, k): &_| Instruction { code, jt, jf, k };
    Program::new(instructions.iter().map(raw).collect()).unwrap_err()
}

const RET: (u16, u8, u8, u32) = (6, 0, 0, 1);

#[test]
fn hostile_programs_are_refused() {
    assert_eq!(refusal(&[]), ProgramError::Empty);
    assert_eq!(refusal(&[(0, 0, 0, 1)]), ProgramError::NoReturn);
    assert_eq!(refusal(&vec![RET; 4097]), ProgramError::TooLong(4097));
    assert_eq!(refusal(&[(0x106, 0, 0, 0)]), ProgramError::UnknownOperation { at: 0, code: 0x106 });
    assert_eq!(refusal(&[(0x08, 0, 0, 0), RET]), ProgramError::UnknownOperation { at: 0, code: 8 });
    assert_eq!(refusal(&[(0x05, 0, 0, 1), RET]), ProgramError::JumpOutOfRange(0));
    assert_eq!(refusal(&[(0x05, 0, 0, u32::MAX), RET]), ProgramError::JumpOutOfRange(0));
    assert_eq!(refusal(&[(0x15, 0, 1, 0), RET]), ProgramError::JumpOutOfRange(0));
    assert_eq!(refusal(&[(0x02, 0, 0, 16), RET]), ProgramError::NoSuchScratch(0));
    assert_eq!(refusal(&[(0x34, 0, 0, 0), RET]), ProgramError::DivisionByZero(0));
    assert_eq!(refusal(&[(0x94, 0, 0, 0), RET]), ProgramError::DivisionByZero(0));
    assert_eq!(refusal(&[(0x64, 0, 0, 32), RET]), ProgramError::ShiftTooFar(0));
    assert_eq!(refusal(&[(0x20, 0, 0, 0xffff_f008), RET]), ProgramError::UnsupportedLoad(0));
    assert_eq!(refusal(&[(0x28, 0, 0, 0xfff0_0000), RET]), ProgramError::UnsupportedLoad(0));
}

#[test]
fn a_scratch_word_must_be_written_on_every_way_to_its_read() {
    assert_eq!(refusal(&[(0x60, 0, 0, 3), RET]), ProgramError::UnsetScratch(0));
    let one_way = [(0x15, 0, 1, 0), (0x02, 0, 0, 3), (0x60, 0, 0, 3), RET];
    assert_eq!(refusal(&one_way), ProgramError::UnsetScratch(2));
    let both = [(0x02, 0, 0, 3), (0x15, 0, 1, 0), (0x02, 0, 0, 4), (0x60, 0, 0, 3), RET];
    let raw = |(code, jt, jf, k)| Instruction { code, jt, jf, k };
    assert!(Program::new(both.into_iter().map(raw).collect()).is_ok());
}

#[test]
fn a_jump_that_lands_on_the_last_instruction_is_in_range() {
    let program = Program::parse_ddd("3,5 0 0 1,6 0 0 0,6 0 0 9").unwrap();
    assert!(program.matches(&frame(&[], None)));
}

#[test]
fn both_decimal_forms_say_which_line_is_wrong() {
    assert_eq!(Program::parse_ddd("2\n40 0 0 12\n6 0 0 1\n"), Program::parse_ddd("2,40 0 0 12,6 0 0 1,"));
    let error = |text| Program::parse_ddd(text).unwrap_err();
    assert_eq!(error(""), DecimalError::Count);
    assert_eq!(error("x"), DecimalError::Count);
    assert_eq!(error("2\n40 0 0 12\n6 0 0\n"), DecimalError::Instruction { line: 3 });
    assert_eq!(error("2\n40 0 0 12\n6 0 0 1 1\n"), DecimalError::Instruction { line: 3 });
    assert_eq!(error("1,6 300 0 1"), DecimalError::Instruction { line: 2 });
    assert_eq!(error("3\n6 0 0 1"), DecimalError::WrongCount { said: 3, found: 1 });
    assert_eq!(error("5000\n6 0 0 1"), DecimalError::Program(ProgramError::TooLong(5000)));
}

#[test]
fn the_length_is_the_captured_one_or_the_one_before_cutting_with_the_tag() {
    // ld #len; jeq #68; a frame of 64 bytes whose tag was stripped.
    let program = Program::parse_ddd("4,128 0 0 0,21 0 1 68,6 0 0 1,6 0 0 0").unwrap();
    let tag = Some(VlanTag { tpid: 0x8100, tci: 1 });
    assert!(program.matches(&frame(&[0; 64], tag)));
    assert!(!program.matches(&frame(&[0; 64], None)));
    assert!(program.matches_cut(&frame(&[0; 20], tag), 64));
}

#[test]
fn a_program_for_live_capture_finds_the_tag_beside_the_frame() {
    // What libpcap writes for `vlan 20` on a live Linux interface, shortened: ldb vlanp; ldh vlant; and #0xfff.
    let text = "8,48 0 0 4294963248,21 0 4 1,48 0 0 4294963244,84 0 0 4095,21 0 1 20,6 0 0 1,6 0 0 0,6 0 0 0";
    let program = Program::parse_ddd(text).unwrap();
    let tagged = |tci| frame(&[0; 60], Some(VlanTag { tpid: 0x88a8, tci }));
    assert!(program.matches(&tagged(0x6014)) && !program.matches(&tagged(21)));
    assert!(!program.matches(&frame(&[0; 60], None)));
}

#[test]
fn a_tag_beside_a_frame_too_short_for_one_is_left_beside() {
    let program = Program::parse_ddd("4,48 0 0 11,21 0 1 0,6 0 0 1,6 0 0 0").unwrap();
    assert!(!program.matches(&frame(&[0; 11], Some(VlanTag { tpid: 0x8100, tci: 1 }))));
}
