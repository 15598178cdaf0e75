//! The readers together: formats, damage, streams, compression and parallel reading.

use super::error::{Damage, Ending, FileError};
use super::file::CaptureFile;
use super::links::DeclaredLink;
use super::magic::Format;
use super::progress::Progress;
use super::sample::{Keeper, ORDERS, Order, Temporary, mapped, pcap_of, pcapng_of, streamed};
use super::split::read_split;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;

fn packets() -> Vec<Vec<u8>> {
    [1_u8, 60, 0, 33, 14, 61, 20, 5, 100].iter().map(|&length| vec![length; usize::from(length)]).collect()
}

/// Mapped and streamed, which must agree.
fn read(bytes: &[u8]) -> (Keeper, Ending) {
    let result = mapped(bytes).unwrap();
    assert_eq!(result, streamed(bytes, 7).unwrap());
    result
}

fn refusal(bytes: &[u8]) -> String {
    mapped(bytes).unwrap_err().to_string()
}

mod pcap {
    use super::*;

    #[test]
    fn both_byte_orders_and_resolutions() {
        for order in ORDERS {
            for (magic, nanos) in [(MICRO, 3_000_007_000), (NANO, 3_000_000_007)] {
                let file = [order.pcap(magic, 1), order.record(3, 7, b"frame")].concat();
                let (seen, ending) = read(&file);
                assert_eq!(seen.frames, [("EN10MB", nanos, b"frame".to_vec())]);
                assert_eq!(ending, Ending::Complete);
            }
        }
    }

    #[test]
    fn patched_header_has_eight_more_bytes() {
        for order in ORDERS {
            let record = [&order.words(&[3, 7, 5, 5, 0, 0])[..], b"frame"].concat();
            let file = [order.pcap(0xa1b2_cd34, 1), record.clone(), record].concat();
            let (seen, ending) = read(&file);
            assert_eq!((seen.frames.len(), ending), (2, Ending::Complete));
            assert_eq!(seen.frames[1], ("EN10MB", 3_000_007_000, b"frame".to_vec()));
            assert_eq!(read(&file[..24 + 20]).1, Ending::Truncated { offset: 24 });
        }
    }

    #[test]
    fn lengths_of_old_versions_are_swapped() {
        for order in ORDERS {
            let mut file = order.pcap(MICRO, 1);
            file[6..8].copy_from_slice(&order.u16(2));
            file.extend(order.words(&[3, 7, 1500, 5]));
            file.extend(b"frame");
            assert_eq!(read(&file).0.frames[0].2, b"frame");
        }
    }

    #[test]
    fn frame_check_sequence_bits_are_not_the_link_type() {
        for order in ORDERS {
            let file = [order.pcap(MICRO, 0x2400_0001), order.record(1, 1, b"x")].concat();
            assert_eq!(read(&file).0.frames[0].0, "EN10MB");
        }
    }

    #[test]
    fn captured_may_exceed_original() {
        let order = Order::Little;
        let file = [&order.pcap(MICRO, 101)[..], &order.words(&[1, 2, 4, 2]), b"abcd"].concat();
        assert_eq!(read(&file).0.frames, [("RAW", 1_000_002_000, b"abcd".to_vec())]);
    }

    #[test]
    fn latest_times_do_not_overflow() {
        let order = Order::Big;
        let file = [order.pcap(MICRO, 1), order.record(u32::MAX, u32::MAX, b"")].concat();
        let expected = u64::from(u32::MAX) * 1_000_000_000 + u64::from(u32::MAX) * 1000;
        assert_eq!(read(&file).0.frames, [("EN10MB", expected, vec![])]);
    }

    #[test]
    fn absurd_length_is_damage_and_keeps_what_came_before() {
        let order = Order::Little;
        let whole = pcap_of(order, &packets());
        let file = [&whole[..], &order.words(&[1, 1, 0x1000_0000, 60]), &[0; 500]].concat();
        let (seen, ending) = read(&file);
        assert_eq!(seen, read(&whole).0);
        let damage = Damage::RecordLength(0x1000_0000);
        assert_eq!(ending, Ending::Damaged { offset: whole.len() as u64, damage });
        let file = [&whole[..], &order.words(&[1, 1, 0x0fff_ffff, 60]), &[0; 500]].concat();
        assert_eq!(read(&file).1, Ending::Truncated { offset: whole.len() as u64 });
    }

    #[test]
    fn longest_packets_are_lent_by_their_first_part() {
        for length in [262_144_usize, 262_145, 1 << 20, (1 << 20) + 1, 3 << 20] {
            let packet: Vec<u8> = (0..=250).cycle().take(length).collect();
            let file = pcap_of(Order::Little, &[b"a".to_vec(), packet.clone(), b"z".to_vec()]);
            let (seen, ending) = mapped(&file).unwrap();
            assert_eq!(seen, streamed(&file, 100_000).unwrap().0);
            assert_eq!(ending, Ending::Complete);
            assert_eq!(seen.frames[1].2, packet[..length.min(262_144)]);
            assert_eq!(seen.frames[2].2, b"z");
            let cut = &file[..file.len() - 18];
            assert_eq!(mapped(cut).unwrap(), streamed(cut, 99_999).unwrap());
            assert_eq!(mapped(cut).unwrap().1, Ending::Truncated { offset: 24 + 17 });
        }
    }
}

mod pcapng {
    use super::*;

    #[test]
    fn sections_change_byte_order_and_forget_interfaces() {
        let (little, big) = (Order::Little, Order::Big);
        let file = [
            little.section(),
            little.interface(1, 0, &[]),
            little.enhanced(0, 1, b"one"),
            big.section(),
            big.interface(101, 0, &[(9, &[9])]),
            big.block(0x0bad, &[1; 5]),
            big.enhanced(0, 0x1_0000_0002, b"two"),
            little.section(),
            little.enhanced(0, 3, b"none"),
        ];
        let end: usize = file[..8].iter().map(Vec::len).sum();
        let (seen, ending) = read(&file.concat());
        let two = ("RAW", 0x1_0000_0002, b"two".to_vec());
        assert_eq!(seen.frames, [("EN10MB", 1000, b"one".to_vec()), two]);
        assert_eq!(ending, Ending::Damaged { offset: end as u64, damage: Damage::UnknownInterface(0) });
    }

    #[test]
    fn resolutions_and_offsets() {
        for order in ORDERS {
            let file = [
                order.section(),
                order.interface(1, 0, &[(2, b"eth0"), (9, &[3]), (14, &order.u64(10))]),
                order.interface(1, 0, &[(9, &[0x81]), (0, b"")]),
                order.enhanced(0, 5, b""),
                order.enhanced(1, 5, b""),
            ];
            let times: Vec<u64> = read(&file.concat()).0.frames.iter().map(|frame| frame.1).collect();
            assert_eq!(times, [10_005_000_000, 2_500_000_000]);
        }
    }

    #[test]
    fn simple_packets_take_length_from_block_snap_and_original() {
        for order in ORDERS {
            let file = [
                order.section(),
                order.interface(1, 6, &[]),
                order.simple(8, b"abcdefgh"),
                order.enhanced(0, 44, b""),
                order.simple(3, b"abc"),
                order.simple(60, b"abcd"),
            ];
            let (seen, ending) = read(&file.concat());
            let [a, b, c, d] = [(0, &b"abcdef"[..]), (44_000, b""), (44_000, b"abc"), (44_000, b"abcd")]
                .map(|(time, bytes)| ("EN10MB", time, bytes.to_vec()));
            assert_eq!((seen.frames, ending), (vec![a, b, c, d], Ending::Complete));
        }
    }

    #[test]
    fn obsolete_packet_blocks_count() {
        for order in ORDERS {
            let file = [order.section(), order.interface(1, 0, &[]), order.old_packet(0, 9, b"old")];
            assert_eq!(read(&file.concat()).0.frames, [("EN10MB", 9000, b"old".to_vec())]);
        }
    }

    #[test]
    fn unsupported_interfaces_are_counted_and_named() {
        let order = Order::Little;
        let interfaces =
            [order.interface(104, 0, &[]), order.interface(1, 0, &[]), order.interface(104, 0, &[])];
        let file = [
            order.section(),
            interfaces.concat(),
            order.enhanced(0, 1, b"x"),
            order.enhanced(2, 1, b"x"),
            order.enhanced(1, 1, b"y"),
        ];
        let (seen, ending) = read(&file.concat());
        assert_eq!((seen.frames.len(), seen.undecodable, ending), (1, 2, Ending::Complete));

        let file = Temporary::new(&file.concat());
        let mut capture = CaptureFile::open(&file.0).unwrap();
        capture.read(&mut Keeper::default(), &Progress::new()).unwrap();
        let names: Vec<String> = capture.link_types().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["LINKTYPE_104", "EN10MB"]);
    }

    #[test]
    fn bad_blocks_are_damage_at_their_offset() {
        let order = Order::Little;
        let front = [order.section(), order.interface(1, 0, &[]), order.enhanced(0, 1, b"good")].concat();
        let packet = order.enhanced(0, 1, b"four");
        let with = |at: usize, value: u32| {
            let mut bad = packet.clone();
            bad[at..at + 4].copy_from_slice(&order.u32(value));
            bad
        };
        let trailing = Damage::TrailingLength { leading: 36, trailing: 40 };
        let cases = [
            (with(4, 8), Damage::BlockLength(8)),
            (with(4, 37), Damage::BlockLength(37)),
            (with(4, 0xffff_fffc), Damage::RecordLength(0xffff_fffc)),
            (with(8, 1), Damage::UnknownInterface(1)),
            (with(20, 5), Damage::PacketLength(5)),
            (with(32, 40), trailing),
            (order.block(6, &[0; 16]), Damage::BlockLength(28)),
            (order.block(3, &[]), Damage::BlockLength(12)),
            (order.block(1, &[0; 4]), Damage::BlockLength(16)),
            (order.block(0x0a0d_0d0a, &[0; 16]), Damage::ByteOrder),
        ];
        for (bad, damage) in cases {
            let (seen, ending) = read(&[&front[..], &bad, &packet].concat());
            assert_eq!(seen.frames.len(), 1, "{damage}");
            assert_eq!(ending, Ending::Damaged { offset: front.len() as u64, damage });
        }
    }

    #[test]
    fn a_section_describes_a_bounded_number_of_interfaces() {
        let order = Order::Big;
        let file = [order.section(), order.interface(1, 0, &[]).repeat(65_537)].concat();
        let ending = mapped(&file).unwrap().1;
        let damage = Damage::TooManyInterfaces(65_536);
        assert_eq!(ending, Ending::Damaged { offset: 28 + 20 * 65_536, damage });
    }

    #[test]
    fn blocks_longer_than_the_buffer() {
        let order = Order::Big;
        let packet = vec![9; 2 << 20];
        let file = [
            order.section(),
            order.interface(1, 0, &[]),
            order.block(10, &vec![1; (1 << 20) + 77]),
            order.enhanced(0, 1, &packet),
            order.enhanced(0, 2, b"last"),
        ]
        .concat();
        let (seen, ending) = mapped(&file).unwrap();
        assert_eq!(seen, streamed(&file, 1 << 16).unwrap().0);
        assert_eq!((seen.frames.len(), ending), (2, Ending::Complete));
        let mut bad = file.clone();
        bad[28 + 20 + (1 << 20) + 77 + 3 + 11] ^= 1;
        assert!(matches!(mapped(&bad).unwrap().1, Ending::Damaged { offset: 48, .. }));
        assert_eq!(mapped(&bad).unwrap(), streamed(&bad, 1 << 16).unwrap());
    }
}

mod refusals {
    use super::*;

    #[test]
    fn each_names_cause_and_next_step() {
        let order = Order::Little;
        let mut version = order.pcap(MICRO, 1);
        version[4] = 9;
        let mut ng_version = order.section();
        ng_version[12] = 2;
        let cases = [
            (refusal(b""), "is empty"),
            (refusal(b"\xa1\xb2"), "begins with 0xa1b2; convert"),
            (refusal(b"hello world, this is text"), "begins with 0x68656c6c; convert it with"),
            (refusal(b"snoop\0\0\0........................"), "snoop capture: convert it with `editcap"),
            (refusal(&order.pcap(MICRO, 1)[..23]), "cut off in its file header, after 23 bytes"),
            (refusal(&order.section()[..20]), "cut off in its file header, after 20 bytes"),
            (refusal(&order.block(0x0a0d_0d0a, &[7; 16])), "is not a pcap or pcapng capture"),
            (refusal(&version), "unsupported pcap version 9.4"),
            (refusal(&ng_version), "unsupported pcapng version 2.0"),
            (refusal(&order.pcap(MICRO, 195)), "unsupported link type 195;"),
            (refusal(b"\x1f\x8b\x08"), "cannot be decompressed"),
            (refusal(b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff"), "cannot be decompressed"),
        ];
        for (message, expected) in cases {
            assert!(message.contains(expected), "{message:?} lacks {expected:?}");
            assert_eq!(message.lines().count(), 1);
        }
    }

    #[test]
    fn paths_that_are_no_files() {
        assert!(matches!(CaptureFile::open(Path::new("/")), Err(FileError::Directory)));
        assert!(matches!(CaptureFile::open(Path::new("/no/such/file")), Err(FileError::Io(_))));
        assert!(matches!(CaptureFile::open(Path::new("/dev/null")), Err(FileError::Empty)));
    }
}

mod pipes {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_named_pipe_is_streamed() {
        let plain = pcap_of(Order::Little, &vec![packets(); 3000].concat());
        let pipe = Temporary::new(b"");
        std::fs::remove_file(&pipe.0).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe.0).status().unwrap().success());
        let (path, bytes) = (pipe.0.clone(), plain.clone());
        let writer = std::thread::spawn(move || std::fs::write(path, bytes).unwrap());
        let mut capture = CaptureFile::open(&pipe.0).unwrap();
        let (mut keeper, progress) = (Keeper::default(), Progress::new());
        assert_eq!(capture.total_bytes(), None);
        assert_eq!(capture.read(&mut keeper, &progress).unwrap(), Ending::Complete);
        assert_eq!((keeper, progress.consumed()), (mapped(&plain).unwrap().0, plain.len() as u64));
        writer.join().unwrap();
    }
}

mod damage {
    use super::*;

    #[test]
    fn cut_at_every_byte_gives_a_prefix() {
        for whole in ORDERS.map(|order| [pcap_of(order, &packets()), pcapng_of(order, &packets())]).concat() {
            let (all, ending) = read(&whole);
            assert_eq!(ending, Ending::Complete);
            let mut complete = 0;
            for length in 28..whole.len() {
                let (seen, ending) = read(&whole[..length]);
                assert_eq!(seen.frames, all.frames[..seen.frames.len()]);
                complete += u32::from(ending == Ending::Complete);
                assert!(matches!(ending, Ending::Complete | Ending::Truncated { .. }));
            }
            assert!(complete <= 12, "only between records is a cut invisible");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_bytes_behind_a_header_end(tail in prop::collection::vec(any::<u8>(), 0..400), kind in 0..4_usize) {
            let front = match kind {
                0 => Order::Little.pcap(MICRO, 1),
                1 => Order::Big.pcap(0xa1b2_cd34, 1),
                2 => [Order::Little.section(), Order::Little.interface(1, 0, &[])].concat(),
                _ => [Order::Big.section(), Order::Big.interface(1, 0, &[])].concat(),
            };
            read(&[front, tail].concat());
        }

        #[test]
        fn any_byte_changed_ends_alike_mapped_and_streamed(
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
            ng in any::<bool>(),
            piece in 1..200_usize,
        ) {
            let mut file =
                if ng { pcapng_of(Order::Big, &packets()) } else { pcap_of(Order::Little, &packets()) };
            let at = at.index(file.len());
            file[at] = value;
            match (mapped(&file), streamed(&file, piece)) {
                (Ok(mapped), Ok(streamed)) => prop_assert_eq!(mapped, streamed),
                (mapped, streamed) => {
                    prop_assert_eq!(mapped.unwrap_err().to_string(), streamed.unwrap_err().to_string());
                }
            }
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = streamed(&bytes, 50);
        }
    }
}

mod compressed {
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn sample() -> Vec<u8> {
        pcap_of(Order::Little, &vec![packets(); 300].concat())
    }

    #[test]
    fn equals_plain() {
        let plain = sample();
        let (front, back) = plain.split_at(1000);
        let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let files = [
            gzip(&plain),
            [gzip(front), gzip(back)].concat(),
            zstd(&plain),
            [zstd(front), skippable.clone(), zstd(back)].concat(),
            [skippable.clone(), zstd(&plain), skippable].concat(),
        ];
        for file in files {
            assert_eq!(read(&file), read(&plain));
        }
    }

    #[test]
    fn cut_data_keeps_what_came() {
        let plain = sample();
        for file in [gzip(&plain), zstd(&plain)] {
            for length in (40..file.len()).step_by(23) {
                match mapped(&file[..length]) {
                    Ok((seen, ending)) => {
                        assert_eq!(seen.frames, read(&plain).0.frames[..seen.frames.len()]);
                        assert!(matches!(ending, Ending::Truncated { .. }), "{ending} at {length}");
                    }
                    Err(error) => assert!(matches!(error, FileError::Compressed(_)), "{error}"),
                }
            }
        }
    }

    #[test]
    fn progress_counts_compressed_bytes() {
        let bytes = gzip(&sample());
        let file = Temporary::new(&bytes);
        let mut capture = CaptureFile::open(&file.0).unwrap();
        assert_eq!(capture.total_bytes(), Some(bytes.len() as u64));
        let progress = Progress::new();
        capture.read(&mut Keeper::default(), &progress).unwrap();
        assert_eq!(progress.consumed(), bytes.len() as u64);
    }

    #[test]
    fn wrong_checksum_is_damage() {
        let mut file = gzip(&sample());
        let at = file.len() - 6;
        file[at] ^= 1;
        let (seen, ending) = read(&file);
        assert_eq!(seen.frames.len(), 2700);
        assert!(matches!(ending, Ending::Damaged { damage: Damage::Compressed, .. }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn changed_bytes_never_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            zst in any::<bool>(),
        ) {
            let mut file = if zst { zstd(&sample()) } else { gzip(&sample()) };
            for (at, value) in changes {
                let at = at.index(file.len());
                file[at] = value;
            }
            let _ = streamed(&file, 1000);
        }
    }
}

mod parallel {
    use super::*;

    const FAKE: usize = 250_000;

    /// Splits a file however small, and compares with the sequential reading.
    fn compare(file: &[u8], workers: usize) -> usize {
        let format = Format::detect(file).unwrap();
        let progress = Progress::new();
        let make = Keeper::default;
        let start = format.start();
        let (sinks, links, ending) = match &format {
            Format::Pcap(parser) => {
                let (sinks, last, ending) = read_split(parser, file, start, workers, &make, &progress);
                (sinks, last.links().to_vec(), ending)
            }
            Format::Pcapng(parser) => {
                let (sinks, last, ending) = read_split(parser, file, start, workers, &make, &progress);
                (sinks, last.links.as_slice().to_vec(), ending)
            }
        };
        let (expected, expected_ending) = mapped(file).unwrap();
        let count = sinks.len();
        let undecodable = sinks.iter().map(|sink| sink.undecodable).sum();
        let frames: Vec<_> = sinks.into_iter().flat_map(|sink| sink.frames).collect();
        assert_eq!(Keeper { frames, undecodable }, expected);
        assert_eq!((ending, links), (expected_ending, sequential_links(file)));
        if ending == Ending::Complete {
            assert_eq!(progress.consumed(), (file.len() - start) as u64);
        }
        count
    }

    fn sequential_links(file: &[u8]) -> Vec<DeclaredLink> {
        let file = Temporary::new(file);
        let mut capture = CaptureFile::open(&file.0).unwrap();
        capture.read(&mut Keeper::default(), &Progress::new()).unwrap();
        capture.link_types().to_vec()
    }

    #[test]
    fn ordinary_files_are_shared_out() {
        for order in ORDERS {
            let many: Vec<Vec<u8>> = (1..2000_usize).map(|length| vec![0; 1 + length % 90]).collect();
            assert_eq!(compare(&pcap_of(order, &many), 4), 4);
            assert_eq!(compare(&pcapng_of(order, &many), 4), 4);
        }
    }

    #[test]
    fn a_capture_inside_a_packet_does_not_deceive() {
        for order in ORDERS {
            let inner: Vec<u8> = (0..400_u32).flat_map(|second| order.record(second, 1, b"fake")).collect();
            let file = pcap_of(order, &[b"a".to_vec(), inner, b"b".to_vec()]);
            assert_eq!(compare(&file, 3), 1);
            let inner: Vec<u8> = (0..400).flat_map(|ticks| order.enhanced(0, ticks, b"fake")).collect();
            let file = pcapng_of(order, &[b"a".to_vec(), inner, b"b".to_vec()]);
            assert_eq!(compare(&file, 3), 1);
        }
    }

    #[test]
    fn interfaces_described_late_end_the_speculation() {
        let order = Order::Little;
        let packet = order.enhanced(0, 5, b"frame");
        let front = [order.section(), order.interface(1, 0, &[])].concat();
        let second = [order.section(), order.interface(101, 0, &[])].concat();
        let file = [front, packet.repeat(200), second, packet.repeat(300)].concat();
        assert!(compare(&file, 4) < 4);
    }

    #[test]
    fn packets_without_time_take_that_of_the_part_before() {
        let order = Order::Little;
        let front = [order.section(), order.interface(1, 0, &[]), order.enhanced(0, 5, b"frame")].concat();
        let file = [front, order.simple(5, b"frame").repeat(500)].concat();
        assert_eq!(compare(&file, 4), 1);
    }

    #[test]
    fn damage_ends_where_the_sequential_reader_ends() {
        let mut file = pcap_of(Order::Little, &vec![vec![7; 50]; 1000]);
        let at = 24 + 66 * 400 + 8;
        file[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(compare(&file, 4) <= 2);
        compare(&file[..file.len() - 5], 4);
        compare(&file[..24], 4);
    }

    #[test]
    fn many_almost_complete_chains_are_given_up() {
        // Chains of 31 at every sixteenth byte, each ending in a header that claims too much.
        let order = Order::Little;
        let bad = order.words(&[1, 1, 300_000, 300_000]);
        let chains = [order.record(1, 1, &[1; 16]).repeat(31), bad].concat().repeat(6000);
        let file = pcap_of(order, &[chains[..FAKE].to_vec(), chains[FAKE..].to_vec(), vec![1; 2 << 20]]);
        assert_eq!(compare(&file, 3), 1);
    }

    #[test]
    fn large_files_are_read_from_disk_in_parallel() {
        let file = Temporary::new(&pcap_of(Order::Little, &vec![vec![1; 1000]; 5000]));
        let mut capture = CaptureFile::open(&file.0).unwrap();
        let progress = Progress::new();
        let (sinks, ending) = capture.read_parallel(2, Keeper::default, &progress).unwrap();
        assert_eq!(sinks.iter().map(|sink| sink.frames.len()).collect::<Vec<_>>().len(), 2);
        assert_eq!(sinks.iter().map(|sink| sink.frames.len()).sum::<usize>(), 5000);
        assert_eq!(ending, Ending::Complete);
    }

    #[test]
    fn a_stopped_reading_says_where() {
        let file = Temporary::new(&pcap_of(Order::Little, &vec![vec![1; 1000]; 5000]));
        let progress = Progress::new();
        progress.stop();
        for workers in [1, 2] {
            let mut capture = CaptureFile::open(&file.0).unwrap();
            let (sinks, ending) = capture.read_parallel(workers, Keeper::default, &progress).unwrap();
            assert_eq!((sinks.len(), ending), (1, Ending::Stopped { offset: 24 }));
        }
    }

    /// A packet: plain, zeroes, or full of fake records, aligned or not.
    fn packet() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            4 => prop::collection::vec(any::<u8>(), 0..100),
            1 => (0..3000_usize).prop_map(|length| vec![0; length]),
            2 => (1..80_usize, 0..5_usize, any::<bool>()).prop_map(|(records, shift, ng)| {
                let order = Order::Little;
                let record = if ng { order.enhanced(0, 4, b"fake") } else { order.record(4, 4, b"fake") };
                [vec![0; shift], record.repeat(records)].concat()
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn equals_sequential(
            packets in prop::collection::vec(packet(), 1..120),
            workers in 1..9_usize,
            ng in any::<bool>(),
            cut in 0..60_usize,
            flip in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        ) {
            let order = Order::Little;
            let mut file = if ng { pcapng_of(order, &packets) } else { pcap_of(order, &packets) };
            if let Some((at, value)) = flip {
                let at = 60 + at.index(file.len());
                if at < file.len() { file[at] = value; }
            }
            let length = file.len().saturating_sub(cut).max(88).min(file.len());
            compare(&file[..length], workers);
        }
    }
}
