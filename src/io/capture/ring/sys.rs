//! The system calls of a packet socket, each as one safe function. Source: packet(7), socket(7), netdevice(7).
#![allow(unsafe_code, reason = "system calls")]

use crate::engine::filter::Instruction;
use std::ffi::{c_int, c_uint, c_ulong, c_void};
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::time::Duration;

/// What poll(2) found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ready {
    pub(crate) readable: bool,
    pub(crate) error: bool,
}

/// Kernel counters since they were last read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Statistics {
    /// Packets that passed the kernel's filter, dropped ones included.
    pub(crate) packets: u32,
    pub(crate) drops: u32,
    pub(crate) freezes: u32,
}

/// A packet socket that receives nothing until it is bound: it has no protocol yet.
pub(crate) fn packet_socket() -> io::Result<OwnedFd> {
    // SAFETY: takes no pointer.
    let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
    check(fd)?;
    // SAFETY: the descriptor is new, open and owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `PACKET_VERSION` 3, then `PACKET_RX_RING`.
pub(crate) fn request_ring(fd: BorrowedFd<'_>, request: &libc::tpacket_req3) -> io::Result<()> {
    set_option(fd, libc::SOL_PACKET, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))?;
    set_option(fd, libc::SOL_PACKET, libc::PACKET_RX_RING, request)
}

/// `PACKET_IGNORE_OUTGOING`, Linux 4.20 and later; before that the filter alone keeps out what this host sends.
pub(crate) fn ignore_outgoing(fd: BorrowedFd<'_>) -> io::Result<()> {
    match set_option(fd, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &(1 as c_int)) {
        Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => Ok(()),
        result => result,
    }
}

/// Receive every protocol from one interface.
pub(crate) fn bind(fd: BorrowedFd<'_>, index: c_int) -> io::Result<()> {
    // SAFETY: all zeroes is a value of this plain structure.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = address_family();
    address.sll_protocol = ETH_P_ALL.to_be();
    address.sll_ifindex = index;
    // SAFETY: pointer and length describe `address`.
    check(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length_of(&address)) })
}

#[allow(clippy::cast_possible_truncation, reason = "3")]
const ETH_P_ALL: u16 = libc::ETH_P_ALL as u16;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "17")]
const fn address_family() -> libc::sa_family_t {
    libc::AF_PACKET as libc::sa_family_t
}

/// The interface the socket is bound to; -1 once that interface has been removed.
pub(crate) fn bound_index(fd: BorrowedFd<'_>) -> io::Result<c_int> {
    // SAFETY: all zeroes is a value of this plain structure.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    let mut len = length_of(&address);
    // SAFETY: pointer and length describe `address`; any bytes are a value of it.
    check(unsafe { libc::getsockname(fd.as_raw_fd(), (&raw mut address).cast(), &raw mut len) })?;
    Ok(address.sll_ifindex)
}

/// Take frames to other stations too, until the socket is closed.
pub(crate) fn promiscuous(fd: BorrowedFd<'_>, index: c_int) -> io::Result<()> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1")]
    let mr_type = libc::PACKET_MR_PROMISC as u16;
    let request = libc::packet_mreq { mr_ifindex: index, mr_type, mr_alen: 0, mr_address: [0; 8] };
    set_option(fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
}

/// Joins a bound socket to a group that shares the interface's packets by flow; `None` opens a new group.
///
/// No defragmentation (`PACKET_FANOUT_FLAG_DEFRAG`): a sensor counts the packets of the wire, not what they make.
pub(crate) fn join_fanout(fd: BorrowedFd<'_>, group: Option<u16>) -> io::Result<u16> {
    let flags = if group.is_none() { libc::PACKET_FANOUT_FLAG_UNIQUEID } else { 0 };
    let request = (libc::PACKET_FANOUT_HASH | flags) << 16 | c_uint::from(group.unwrap_or(0));
    set_option(fd, libc::SOL_PACKET, libc::PACKET_FANOUT, &request)?;
    let mut joined: c_uint = 0;
    get_option(fd, libc::SOL_PACKET, libc::PACKET_FANOUT, &mut joined)?;
    let [_, _, high, low] = joined.to_be_bytes();
    Ok(u16::from_be_bytes([high, low]))
}

/// Reads the kernel's counters, which puts them to 0.
pub(crate) fn statistics(fd: BorrowedFd<'_>) -> io::Result<Statistics> {
    let mut counters = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
    get_option(fd, libc::SOL_PACKET, libc::PACKET_STATISTICS, &mut counters)?;
    let libc::tpacket_stats_v3 { tp_packets: packets, tp_drops: drops, tp_freeze_q_cnt: freezes } = counters;
    Ok(Statistics { packets, drops, freezes })
}

/// The socket's pending error number, or 0; reading it clears it.
pub(crate) fn take_error(fd: BorrowedFd<'_>) -> io::Result<c_int> {
    let mut error: c_int = 0;
    get_option(fd, libc::SOL_SOCKET, libc::SO_ERROR, &mut error)?;
    Ok(error)
}

/// Replaces the socket's filter.
pub(crate) fn attach(fd: BorrowedFd<'_>, program: &[Instruction]) -> io::Result<()> {
    let raw = |&Instruction { code, jt, jf, k }: &_| libc::sock_filter { code, jt, jf, k };
    let mut filter: Vec<_> = program.iter().map(raw).collect();
    let len = u16::try_from(filter.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let program = libc::sock_fprog { len, filter: filter.as_mut_ptr() };
    set_option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

/// Waits until there is something to read. A signal ends the wait with nothing ready.
pub(crate) fn poll(fd: BorrowedFd<'_>, timeout: Duration) -> io::Result<Ready> {
    let mut entry = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let millis = c_int::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX);
    // SAFETY: the pointer is to one entry.
    match check(unsafe { libc::poll(&raw mut entry, 1, millis) }) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Ready::default()),
        result => result.map(|()| Ready {
            readable: entry.revents & libc::POLLIN != 0,
            error: entry.revents & (libc::POLLERR | libc::POLLHUP) != 0,
        }),
    }
}

/// The index of the interface called `name`.
pub(crate) fn index_of(fd: BorrowedFd<'_>, name: &str) -> io::Result<c_int> {
    let request = interface_request(fd, libc::SIOCGIFINDEX, named(name)?)?;
    // SAFETY: the kernel filled in this field.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex })
}

/// The hardware type (`ARPHRD_`) of an interface.
pub(crate) fn hardware_type(fd: BorrowedFd<'_>, name: &str) -> io::Result<u16> {
    let request = interface_request(fd, libc::SIOCGIFHWADDR, named(name)?)?;
    // SAFETY: the kernel filled in this field.
    Ok(unsafe { request.ifr_ifru.ifru_hwaddr }.sa_family)
}

/// Whether the interface with this index is up. Asks by index: an interface may be renamed.
pub(crate) fn is_up(fd: BorrowedFd<'_>, index: c_int) -> io::Result<bool> {
    let mut request = named("")?;
    request.ifr_ifru.ifru_ifindex = index;
    let request = interface_request(fd, libc::SIOCGIFNAME, request)?;
    let request = interface_request(fd, libc::SIOCGIFFLAGS, request)?;
    // SAFETY: the kernel filled in this field.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    Ok(c_int::from(flags) & libc::IFF_UP != 0)
}

/// Names of the interfaces of this thread's network namespace. Read, since asking the kernel for a list is sending.
pub(crate) fn interface_names() -> Vec<String> {
    let list = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap_or_default();
    // After two lines of headings.
    list.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

/// A request about the interface called `name`.
fn named(name: &str) -> io::Result<libc::ifreq> {
    // SAFETY: all zeroes is a value of this plain structure.
    let mut request: libc::ifreq = unsafe { zeroed() };
    // One byte is left for the terminating zero.
    if name.len() >= request.ifr_name.len() {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    Ok(request)
}

fn interface_request(fd: BorrowedFd<'_>, code: c_ulong, mut request: libc::ifreq) -> io::Result<libc::ifreq> {
    // The C libraries do not agree on the type of the request code.
    // SAFETY: the codes used here read and write one `ifreq`.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), code as _, &raw mut request) })?;
    Ok(request)
}

/// For option values without padding that the kernel only reads.
fn set_option<T>(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let pointer: *const c_void = (&raw const *value).cast();
    // SAFETY: pointer and length describe `value`, which lives until the call returns.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, pointer, length_of(value)) })
}

/// For option values of which any bytes are a value, as those of `get_option`'s callers are.
fn get_option<T: Plain>(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &mut T) -> io::Result<()> {
    let mut len = length_of(value);
    let pointer: *mut c_void = (&raw mut *value).cast();
    // SAFETY: pointer and length describe `value`, and the kernel writes no more than `len` bytes into it.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, pointer, &raw mut len) })
}

/// Types of which any bytes are a value.
trait Plain {}
impl Plain for c_int {}
impl Plain for c_uint {}
impl Plain for libc::tpacket_stats_v3 {}

#[allow(clippy::cast_possible_truncation, reason = "structures of some dozen bytes")]
const fn length_of<T>(_value: &T) -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

fn check(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
