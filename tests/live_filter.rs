//! The kernel as the judge of what is given to it: a rewritten filter loses no frame, and agrees with ours.
//!
//! A datagram socket pair runs an attached filter on whatever is sent, without root and without a network.

#![cfg(feature = "agent")]
#![allow(unsafe_code, reason = "attaches a filter to a socket that is no packet socket")]

#[path = "support/netns.rs"]
#[allow(unused, reason = "shares the builder of frames with tests that use it all")]
mod netns;

#[path = "support/live.rs"]
mod live;

use proptest::prelude::*;
use std::ffi::c_int;
use std::mem::size_of_val;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixDatagram;
use tollgate::engine::filter::kernel::{self, STUB_LEN, Unjudged};
use tollgate::engine::filter::{Instruction, Program};
use tollgate::model::frame::{Frame, LinkType};
use tollgate::model::time::CaptureTime;

const SNAPLEN: u32 = 256;

/// What the kernel keeps of each frame; `None` of one that vanished.
struct Judge {
    to: UnixDatagram,
    from: UnixDatagram,
}

impl Judge {
    fn new(program: &[Instruction]) -> std::io::Result<Self> {
        let (to, from) = UnixDatagram::pair()?;
        from.set_nonblocking(true)?;
        let raw = |&Instruction { code, jt, jf, k }: &_| libc::sock_filter { code, jt, jf, k };
        let mut filter: Vec<_> = program.iter().map(raw).collect();
        let len = u16::try_from(filter.len()).unwrap();
        let program = libc::sock_fprog { len, filter: filter.as_mut_ptr() };
        let (level, name) = (libc::SOL_SOCKET, libc::SO_ATTACH_FILTER);
        let size = libc::socklen_t::try_from(size_of_val(&program)).unwrap();
        // SAFETY: pointer and length describe `program`, and its pointer and length describe `filter`.
        let result: c_int =
            unsafe { libc::setsockopt(from.as_raw_fd(), level, name, (&raw const program).cast(), size) };
        if result < 0 { Err(std::io::Error::last_os_error()) } else { Ok(Self { to, from }) }
    }

    fn kept(&self, frame: &[u8]) -> Option<usize> {
        // A frame that the filter rejects with 0 is an error to the sender or silently gone.
        let _ = self.to.send(frame);
        self.from.recv(&mut [0; 2048]).ok()
    }
}

fn assert_agreement(program: &Program, frames: &[Vec<u8>]) {
    let (rewritten, unjudged) = kernel::rewrite(Some(program), SNAPLEN);
    if unjudged == Unjudged::Everything {
        return;
    }
    let judge = Judge::new(&rewritten).unwrap();
    for bytes in frames {
        let frame = Frame { link: LinkType::Ethernet, time: CaptureTime::MIN, bytes, stripped_tag: None };
        let expected =
            if program.matches(&frame) { bytes.len().min(SNAPLEN as usize) } else { STUB_LEN as usize };
        assert_eq!(judge.kept(bytes), Some(expected), "{program:?} over {bytes:02x?}");
    }
}

#[test]
fn the_kernel_takes_and_judges_usual_filters_as_we_do() {
    let frames: Vec<_> = (0..20).map(live::frame).flat_map(cut_anywhere).collect();
    for text in [live::UDP_PORT_53, live::VLAN_20] {
        assert_agreement(&Program::parse_ddd(text).unwrap(), &frames);
    }
}

/// A frame cut after each of its bytes; an empty datagram is not sent.
fn cut_anywhere(frame: Vec<u8>) -> Vec<Vec<u8>> {
    (1..=frame.len()).map(|len| frame[..len].to_vec()).collect()
}

/// Any instruction but one that could make the program loop or that it may not have.
fn instruction() -> impl Strategy<Value = Instruction> {
    let loads = [0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1];
    let rest = [
        0x02, 0x03, 0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x74, 0x84, 0x94,
        0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x07, 0x87,
    ];
    let code = prop::sample::select([&loads[..], &rest[..]].concat());
    (code, 0_u8..4, 0_u8..4, prop_oneof![8 => 0_u32..24, 1 => any::<u32>()])
        .prop_map(|(code, jt, jf, k)| Instruction { code, jt, jf, k })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_kernel_takes_and_judges_made_up_programs_as_we_do(
        instructions in prop::collection::vec(instruction(), 0..24),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..80), 4),
    ) {
        let mut instructions = instructions;
        instructions.push(Instruction { code: 6, jt: 0, jf: 0, k: 7 });
        instructions.push(Instruction { code: 6, jt: 0, jf: 0, k: 0 });
        if let Ok(program) = Program::new(instructions) {
            assert_agreement(&program, &frames);
        }
    }

    #[test]
    fn the_kernel_takes_what_the_check_takes(instructions in prop::collection::vec(instruction(), 1..16)) {
        let ours = Program::new(instructions.clone()).is_ok();
        let theirs = Judge::new(&instructions).is_ok();
        // We refuse more: loads of what the kernel keeps beside a frame.
        prop_assert!(theirs || !ours, "{instructions:?}");
    }
}
