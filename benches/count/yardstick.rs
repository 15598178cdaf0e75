//! What reading and finding must cost at the least: the yardsticks that the counting path is held against.
//!
//! They map the file as the reader does and load ahead as it does, so that the difference is the counting.

use memmap2::{Advice, Mmap};
use std::fs::File;
use std::hint::black_box;
use std::io;
use std::path::Path;
use tollgate::model::prefetch::prefetch;

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
/// As far ahead as the reader of mapped files loads.
const AHEAD: usize = 1024;
const LINE: usize = 64;

#[allow(unsafe_code, reason = "the reader under test maps the file too")]
fn map(path: &Path) -> io::Result<Mmap> {
    // SAFETY: the file is this bench's own, complete, and nobody writes to it any more.
    let map = unsafe { Mmap::map(&File::open(path)?) }?;
    map.advise(Advice::Sequential)?;
    Ok(map)
}

/// Calls `visit` with each packet of a little-endian pcap file.
#[inline(always)]
fn walk(file: &[u8], mut visit: impl FnMut(&[u8])) {
    let mut rest = &file[FILE_HEADER..];
    while let Some((header, body)) = rest.split_first_chunk::<RECORD_HEADER>() {
        if let Some(far) = rest.get(AHEAD..AHEAD + 2 * LINE) {
            prefetch(&far[0]);
            prefetch(&far[LINE]);
        }
        let captured = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        let Some((packet, behind)) = body.split_at_checked(captured as usize) else { return };
        visit(packet);
        rest = behind;
    }
}

/// Goes from record header to record header; returns how many there are.
pub(crate) fn walk_headers(path: &Path) -> io::Result<u64> {
    let map = map(path)?;
    let (mut packets, mut bytes) = (0, 0);
    walk(&map, |packet| {
        packets += 1;
        bytes += packet.len();
    });
    black_box(bytes);
    Ok(packets)
}

/// A key that is all zero was not found.
type Key = [u64; 3];

const NOTHING: Key = [0; 3];

/// The MAC and source address of a frame: Ethernet, VLAN tags, IPv4, IPv6, ARP, and a frame mirrored by ERSPAN II.
#[inline(always)]
fn key_of(frame: &[u8]) -> Key {
    let Some(header) = frame.first_chunk::<14>() else { return NOTHING };
    let mac = word(header, 6) & !0xffff;
    let (mut ethertype, mut payload) = (u16::from_be_bytes([header[12], header[13]]), &frame[14..]);
    while let (0x8100 | 0x88a8, Some((tag, behind))) = (ethertype, payload.split_first_chunk::<4>()) {
        ethertype = u16::from_be_bytes([tag[2], tag[3]]);
        payload = behind;
    }
    match ethertype {
        0x0800 => v4(mac, payload),
        0x86dd => match payload.first_chunk::<40>() {
            Some(packet) => [mac | 6, word(packet, 8), word(packet, 16)],
            None => [mac, 0, 0],
        },
        0x0806 => match payload.first_chunk::<28>() {
            Some(packet) => [word(packet, 8) & !0xffff | 4, 0, word(packet, 12) & 0xffff_ffff],
            None => [mac, 0, 0],
        },
        _ => [mac, 0, 0],
    }
}

#[inline(always)]
fn v4(mac: u64, payload: &[u8]) -> Key {
    const GRE: u8 = 47;
    let Some(packet) = payload.first_chunk::<20>() else { return [mac, 0, 0] };
    if packet[9] == GRE
        && let Some(inner) = mirrored(&payload[usize::from(packet[0] & 15) * 4..])
    {
        return inner;
    }
    [mac | 4, 0, word(packet, 8) & 0xffff_ffff]
}

#[cold]
fn mirrored(gre: &[u8]) -> Option<Key> {
    // GRE with a sequence number, protocol ERSPAN II; then its own header of eight bytes.
    (gre.get(..4)? == [0x10, 0, 0x88, 0xbe]).then(|| key_of(gre.get(16..).unwrap_or_default()))
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(word)
}

/// One cache line of the set.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Entry {
    key: Key,
    packets: u64,
}

const _: () = assert!(size_of::<Entry>() == LINE);

const ENTRIES_LOG2: u32 = 19;
/// Beyond this, keys are not stored, so that a flood cannot fill the set and probes stay short.
const ENTRIES_MAX: usize = 1 << (ENTRIES_LOG2 - 1);
const BATCH: usize = 16;

/// Open addressing with a plain multiplicative hash: no secret, no times, no admission, no address classes.
pub(crate) struct LeanSet {
    entries: Box<[Entry]>,
    len: usize,
    batch: [(Key, usize); BATCH],
    waiting: usize,
}

impl LeanSet {
    pub(crate) fn new() -> Self {
        let entries = vec![Entry::default(); 1 << ENTRIES_LOG2].into_boxed_slice();
        Self { entries, len: 0, batch: [(NOTHING, 0); BATCH], waiting: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.fill(Entry::default());
        (self.len, self.waiting) = (0, 0);
    }

    /// Finds every packet's key in the set, or adds it; returns how many there are then.
    pub(crate) fn count(&mut self, path: &Path) -> io::Result<usize> {
        let map = map(path)?;
        walk(&map, |packet| self.see(key_of(packet)));
        self.settle();
        Ok(self.len)
    }

    #[inline(always)]
    fn see(&mut self, key: Key) {
        const ODD: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];
        let mixed = key[0].wrapping_mul(ODD[0]) ^ key[1].wrapping_mul(ODD[1]) ^ key[2].wrapping_mul(ODD[2]);
        let hash = mixed.wrapping_mul(ODD[0]);
        #[allow(clippy::cast_possible_truncation, reason = "19 bits are left")]
        let home = (hash >> (64 - ENTRIES_LOG2)) as usize;
        prefetch(&self.entries[home]);
        self.batch[self.waiting] = (key, home);
        self.waiting += 1;
        if self.waiting == BATCH {
            self.settle();
        }
    }

    fn settle(&mut self) {
        for at in 0..std::mem::take(&mut self.waiting) {
            let (key, mut place) = self.batch[at];
            loop {
                let entry = &mut self.entries[place];
                if entry.key == key {
                    entry.packets += 1;
                    break;
                }
                if entry.key == NOTHING {
                    if self.len < ENTRIES_MAX {
                        *entry = Entry { key, packets: 1 };
                        self.len += 1;
                    }
                    break;
                }
                place = (place + 1) & (self.entries.len() - 1);
            }
        }
    }
}
