//! libpcap as the oracle: for each expression, the same verdict on every frame.

use super::*;
use pcap::{BpfProgram, Capture, Linktype};
use std::fmt::Write as _;

const EXPRESSIONS: &[&str] = &[
    "",
    "arp",
    "ip",
    "ip6",
    "tcp",
    "udp port 53",
    "tcp portrange 100-2000",
    "port 44818 or port 502 or port 102",
    "vlan",
    "vlan 20",
    "vlan 20 and udp",
    "vlan and vlan 7 and ip",
    "not vlan",
    "ether host 02:00:00:00:00:01",
    "ether proto 0x8892",
    "ether[12:2] < 0x600",
    "host 10.0.0.1",
    "net 10.0.0.0/8 and not host 10.0.0.2",
    "ip6 host fe80::1",
    "less 64",
    "greater 100",
    "len = 60",
    "multicast",
    "broadcast",
    "ip[0] & 0xf = 5 and ip[6:2] & 0x1fff = 0",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "udp[8:4] = 0x01020304",
    "ip[8] * 3 / 2 % 7 > 3",
    "(ip[4:2] << 3) ^ 0x55 > ip[2:2] >> 1",
    "ip[ip[0] & 15] = 0",
    "-ip[9] + 20 > 3",
    "ether[ether[0]:4] / ether[1] = 1",
    "tcp and ((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0",
];

/// The same expression, compiled once for libpcap to run and once for us.
struct Pair {
    expression: &'static str,
    theirs: BpfProgram,
    ours: Program,
}

fn pairs() -> Vec<Pair> {
    let dead = Capture::dead(Linktype::ETHERNET).unwrap();
    let compile = |expression| {
        let theirs = dead.compile(expression, true).unwrap();
        let ours = Program::parse_ddd(&decimal(&theirs)).unwrap();
        Pair { expression, theirs, ours }
    };
    EXPRESSIONS.iter().copied().map(compile).collect()
}

fn decimal(program: &BpfProgram) -> String {
    let instructions = program.get_instructions();
    let mut text = instructions.len().to_string();
    for instruction in instructions {
        write!(text, "\n{instruction}").unwrap();
    }
    text
}

/// `bytes` as the kernel would hand them over: the outer tag beside them.
fn strip(bytes: &[u8]) -> Option<(Vec<u8>, VlanTag)> {
    let (addresses, rest) = bytes.split_at_checked(12)?;
    let (&[p0, p1, c0, c1], rest) = rest.split_first_chunk()?;
    let tag = VlanTag { tpid: u16::from_be_bytes([p0, p1]), tci: u16::from_be_bytes([c0, c1]) };
    Some(([addresses, rest].concat(), tag))
}

fn assert_same(pairs: &[Pair], bytes: &[u8]) {
    for Pair { expression, theirs, ours } in pairs {
        let verdict = theirs.filter(bytes);
        assert_eq!(ours.matches(&frame(bytes, None)), verdict, "{expression} over {bytes:02x?}");
        if let Some((rest, tag)) = strip(bytes) {
            assert_eq!(
                ours.matches(&frame(&rest, Some(tag))),
                verdict,
                "{expression}, stripped {bytes:02x?}"
            );
        }
    }
}

/// Frames that look like something, each possibly cut short.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let tag =
        prop::sample::select(vec![&[][..], &[0x81, 0, 0, 20], &[0x88, 0xa8, 0x20, 7], &[0x81, 0, 0, 7]]);
    let kind = prop::sample::select(vec![0x0800_u16, 0x86dd, 0x0806, 0x8892, 0x0030]);
    let protocol = prop::sample::select(vec![6_u8, 17, 1]);
    let port = prop::sample::select(vec![53_u16, 502, 44818, 1000]);
    let body = prop::collection::vec(any::<u8>(), 0..120);
    (prop::collection::vec(tag, 0..3), kind, protocol, port, body, 0..200_usize).prop_map(
        |(tags, kind, protocol, port, body, cut)| {
            let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
            for tag in tags {
                bytes.extend(tag);
            }
            bytes.extend(kind.to_be_bytes());
            match kind {
                0x0800 => {
                    bytes.extend([0x45, 0, 0, 60, 0, 1, 0, 0, 64, protocol, 0, 0]);
                    bytes.extend([10, 0, 0, 1, 10, 0, 0, 2]);
                }
                0x86dd => {
                    bytes.extend([0x60, 0, 0, 0, 0, 20, protocol, 64]);
                    bytes.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
                    bytes.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
                }
                _ => {}
            }
            bytes.extend(port.to_be_bytes());
            bytes.extend(port.to_be_bytes());
            bytes.extend(body);
            bytes.truncate(200 - cut);
            bytes
        },
    )
}

proptest! {
    #[test]
    fn verdicts_over_frames_are_libpcaps(bytes in prop::collection::vec(frames(), 16)) {
        let pairs = pairs();
        for bytes in &bytes {
            assert_same(&pairs, bytes);
        }
    }

    #[test]
    fn verdicts_over_noise_are_libpcaps(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_same(&pairs(), &bytes);
    }

    #[test]
    fn a_guarded_program_judges_as_before(bytes in prop::collection::vec(frames(), 8)) {
        for Pair { expression, ours, .. } in pairs() {
            let Some(guarded) = guard::guard(&ours) else { continue };
            let guarded = Program::new(guarded).unwrap();
            for bytes in &bytes {
                let frame = frame(bytes, None);
                assert_eq!(guarded.matches(&frame), ours.matches(&frame), "{expression} over {bytes:02x?}");
            }
        }
    }
}
