//! A wire to test live capture on: two network namespaces joined by a veth pair, gone when the value is dropped.
//!
//! What must hold: nothing but the tests speaks on the wire. The namespaces have no addresses, and IPv6, which would
//! announce itself, is off. When a test is over, no interface of the receiving end has sent anything, or the test fails.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes a part")]
#![allow(unsafe_code, reason = "system calls for the sending side, which the library does not have")]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may stop where it is wrong")]

use std::ffi::c_int;
use std::fs::File;
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::process::Command;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The receiving end, in the namespace [`Wire::in_receiver`] enters.
pub const RX: &str = "rx0";
/// The sending end.
pub const TX: &str = "tx0";

/// Wires of this process so far.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The veth pair and its namespaces.
pub struct Wire {
    tx: String,
    rx: String,
    /// The test itself had the receiving host send.
    host_sends: AtomicBool,
}

impl Wire {
    /// `None`, after saying so, where the test cannot run: that needs root.
    pub fn new() -> Option<Self> {
        match Self::try_new() {
            Ok(wire) => Some(wire),
            Err(cause) if std::env::var_os("TOLLGATE_REQUIRE_LIVE").is_some() => panic!("{cause}"),
            Err(cause) => {
                println!("NOT RUN: {cause}");
                None
            }
        }
    }

    fn try_new() -> Result<Self, String> {
        // SAFETY: takes nothing, cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            return Err("needs root (make test uses sudo)".into());
        }
        let name = format!("tollgate-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (tx, rx) = (format!("{name}-tx"), format!("{name}-rx"));
        let wire = Self { tx, rx, host_sends: AtomicBool::new(false) };
        ip(&["netns", "add", &wire.tx])?;
        ip(&["netns", "add", &wire.rx])?;
        in_namespace(&wire.tx, silence_ipv6);
        in_namespace(&wire.rx, silence_ipv6);
        ip(&["-n", &wire.tx, "link", "add", TX, "type", "veth", "peer", "name", RX, "netns", &wire.rx])?;
        ip(&["-n", &wire.tx, "link", "set", TX, "up"])?;
        wire.receiver_ip(&["link", "set", RX, "up"]);
        Ok(wire)
    }

    /// Another pair of interfaces between the same namespaces: receiving and sending end.
    pub fn add_pair(&self, rx: &str, tx: &str) {
        ip(&["-n", &self.tx, "link", "add", tx, "type", "veth", "peer", "name", rx, "netns", &self.rx])
            .unwrap();
        ip(&["-n", &self.tx, "link", "set", tx, "up"]).unwrap();
        self.receiver_ip(&["link", "set", rx, "up"]);
    }

    /// A sender at another far end.
    pub fn sender_on(&self, tx: &str) -> Sender {
        in_namespace(&self.tx, || Sender::new(tx))
    }

    /// `ip` in the receiving namespace.
    pub fn receiver_ip(&self, arguments: &[&str]) {
        let arguments = [&["-n", &self.rx], arguments].concat();
        ip(&arguments).unwrap();
    }

    /// Runs `work` in the receiving namespace; sockets it opens stay there.
    pub fn in_receiver<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        in_namespace(&self.rx, work)
    }

    /// A sender at the far end.
    pub fn sender(&self) -> Sender {
        in_namespace(&self.tx, || Sender::new(TX))
    }

    /// A sender on the receiving host itself.
    pub fn receiving_host(&self) -> Sender {
        self.host_sends.store(true, Ordering::Relaxed);
        in_namespace(&self.rx, || Sender::new(RX))
    }

    /// A program in the receiving namespace.
    pub fn receiver_command(&self, program: &str) -> Command {
        command_in(&self.rx, program)
    }

    /// A program in the sending namespace.
    pub fn sender_command(&self, program: &str) -> Command {
        command_in(&self.tx, program)
    }

    /// Lets the longest frames there are through.
    pub fn widen(&self) {
        ip(&["-n", &self.tx, "link", "set", TX, "mtu", "65535"]).unwrap();
        self.receiver_ip(&["link", "set", RX, "mtu", "65535"]);
    }

    /// Packets that all interfaces of the receiving end have sent.
    pub fn sent_by_receiver(&self) -> u64 {
        // `ip netns exec` mounts the namespace's own /sys. Nothing is sent to the loopback interface either.
        let mut cat = command_in(&self.rx, "sh");
        let output = cat.args(["-c", "cat /sys/class/net/*/statistics/tx_packets"]).output().unwrap();
        let counters = String::from_utf8(output.stdout).unwrap();
        assert!(!counters.is_empty(), "{:?}", output.stderr);
        counters.lines().map(|sent| sent.parse::<u64>().unwrap()).sum()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let judged = !std::thread::panicking() && !self.host_sends.load(Ordering::Relaxed);
        let sent = if judged { self.sent_by_receiver() } else { 0 };
        for name in [&self.tx, &self.rx] {
            let _ = ip(&["netns", "delete", name]);
        }
        assert_eq!(sent, 0, "packets were sent into the watched network");
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new("ip").args(arguments).output().map_err(|error| format!("needs iproute2: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn command_in(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

fn silence_ipv6() {
    for which in ["all", "default"] {
        // Missing where the kernel has no IPv6.
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
    }
}

/// A thread of its own, since a namespace is a property of the thread.
fn in_namespace<T: Send>(name: &str, work: impl FnOnce() -> T + Send) -> T {
    let file = File::open(format!("/run/netns/{name}")).unwrap();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            // SAFETY: takes an open descriptor.
            check(unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) }).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

/// Sends frames as they are, by a packet socket.
pub struct Sender {
    socket: OwnedFd,
}

impl Sender {
    fn new(interface: &str) -> Self {
        // SAFETY: takes no pointer. Protocol 0: this socket receives nothing.
        let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        check(fd).unwrap();
        // SAFETY: a new descriptor that nobody else owns.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        let name = std::ffi::CString::new(interface).unwrap();
        // SAFETY: all zeroes is a value of this plain structure, and the name is a terminated string.
        let (mut address, index) =
            unsafe { (zeroed::<libc::sockaddr_ll>(), libc::if_nametoindex(name.as_ptr())) };
        address.sll_family = u16::try_from(libc::AF_PACKET).unwrap();
        address.sll_ifindex = c_int::try_from(index).unwrap();
        let len = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).unwrap();
        // SAFETY: pointer and length describe `address`.
        check(unsafe { libc::bind(fd, (&raw const address).cast(), len) }).unwrap();
        Self { socket }
    }

    /// Sends the frames, in order, all of them.
    pub fn send(&self, frames: &[Vec<u8>]) {
        let mut parts: Vec<_> = frames
            .iter()
            .map(|frame| libc::iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() })
            .collect();
        let mut messages: Vec<_> = parts.iter_mut().map(message).collect();
        let mut rest = &mut messages[..];
        while !rest.is_empty() {
            let count = u32::try_from(rest.len().min(256)).unwrap();
            // SAFETY: the pointer is to `count` messages, whose parts point to frames that outlive the call.
            let sent = unsafe { libc::sendmmsg(self.socket.as_raw_fd(), rest.as_mut_ptr(), count, 0) };
            check(sent).unwrap();
            rest = &mut rest[usize::try_from(sent).unwrap()..];
        }
    }
}

fn message(part: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: all zeroes is a value of this plain structure.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = part;
    header.msg_iovlen = 1;
    header.msg_control = null_mut();
    libc::mmsghdr { msg_hdr: header, msg_len: 0 }
}

fn check(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
