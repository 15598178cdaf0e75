//! A syslog receiver: datagrams to a port or to this machine's socket, or a stream with the length before each message.
//!
//! What must hold: no receiver, however slow or dead, is waited for longer than `PATIENCE` a step, and a stream that its
//! receiver closed is opened anew before anything is written into it.

use serde::Deserialize;
use std::fmt;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// For a connection, and for what is written into it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a receiver is: `udp://HOST:PORT`, `tcp://HOST:PORT`, or `unix:/dev/log`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Address {
    /// Datagrams to `HOST:PORT`.
    Udp(String),
    /// A stream to `HOST:PORT`.
    Tcp(String),
    /// Datagrams to a socket of this machine.
    Unix(PathBuf),
}

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let port = |place: &str| {
            let (host, port) = place.rsplit_once(':')?;
            (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| place.to_owned())
        };
        let read = match text.split_once(':') {
            Some(("udp", rest)) => rest.strip_prefix("//").and_then(port).map(Self::Udp),
            Some(("tcp", rest)) => rest.strip_prefix("//").and_then(port).map(Self::Tcp),
            Some(("unix", path)) if path.starts_with('/') => Some(Self::Unix(path.into())),
            _ => None,
        };
        read.ok_or("a syslog receiver is udp://HOST:PORT, tcp://HOST:PORT or unix:/PATH")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(place) => write!(f, "syslog udp://{place}"),
            Self::Tcp(place) => write!(f, "syslog tcp://{place}"),
            Self::Unix(path) => write!(f, "syslog unix:{}", path.display()),
        }
    }
}

/// A receiver.
#[derive(Debug)]
pub struct Syslog {
    address: Address,
    stream: Option<TcpStream>,
}

impl Syslog {
    /// Nothing is opened before something is sent.
    pub const fn new(address: Address) -> Self {
        Self { address, stream: None }
    }

    /// Whether messages need their length before them.
    pub const fn is_stream(&self) -> bool {
        matches!(self.address, Address::Tcp(_))
    }

    /// Sends one message, framed already where it is a stream.
    ///
    /// # Errors
    /// The system's. Of a datagram it is not known whether it arrived.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match &self.address {
            Address::Udp(place) => udp(place, message),
            Address::Tcp(place) => {
                let place = place.clone();
                self.by_stream(&place, message)
            }
            Address::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.set_write_timeout(Some(PATIENCE))?;
                socket.send_to(message, path).map(drop)
            }
        }
    }

    fn by_stream(&mut self, place: &str, message: &[u8]) -> io::Result<()> {
        let mut stream = match self.stream.take() {
            Some(stream) if is_open(&stream) => stream,
            _ => connect(place)?,
        };
        stream.write_all(message)?;
        self.stream = Some(stream);
        Ok(())
    }
}

fn udp(place: &str, message: &[u8]) -> io::Result<()> {
    let to = place.to_socket_addrs()?.next().ok_or(ErrorKind::AddrNotAvailable)?;
    let here = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    UdpSocket::bind(here)?.send_to(message, to).map(drop)
}

fn connect(place: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    for to in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&to, PATIENCE) {
            Ok(stream) => {
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A receiver says nothing, so that anything to read is its end.
fn is_open(stream: &TcpStream) -> bool {
    let quiet = |mut stream: &TcpStream| {
        stream.set_nonblocking(true)?;
        let read = stream.read(&mut [0]);
        stream.set_nonblocking(false)?;
        Ok::<_, io::Error>(read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock))
    };
    quiet(stream).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn address(text: &str) -> Result<Address, &'static str> {
        Address::try_from(text.to_owned())
    }

    #[test]
    fn addresses_are_three_and_nothing_else() {
        assert_eq!(address("udp://siem:514"), Ok(Address::Udp("siem:514".to_owned())));
        assert_eq!(address("tcp://[::1]:601"), Ok(Address::Tcp("[::1]:601".to_owned())));
        assert_eq!(address("unix:/dev/log"), Ok(Address::Unix("/dev/log".into())));
        for wrong in
            ["siem:514", "udp:siem:514", "udp://siem", "tcp://:601", "udp://siem:70000", "unix:log", ""]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn datagrams_arrive() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = format!("udp://{}", receiver.local_addr().unwrap());
        Syslog::new(address(&to).unwrap()).send(b"<28>1 one").unwrap();
        let mut bytes = [0; 64];
        let read = receiver.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..read], b"<28>1 one");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        Syslog::new(Address::Unix(path)).send(b"<28>1 two").unwrap();
        let read = receiver.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..read], b"<28>1 two");
    }

    #[test]
    fn a_stream_that_its_receiver_closed_is_opened_anew_and_loses_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = format!("tcp://{}", listener.local_addr().unwrap());
        let mut syslog = Syslog::new(address(&to).unwrap());
        let read = |syslog: &mut Syslog, message: &[u8], fresh: Option<TcpStream>| {
            syslog.send(message).unwrap();
            let mut stream = fresh.unwrap_or_else(|| listener.accept().unwrap().0);
            let mut bytes = vec![0; message.len()];
            stream.read_exact(&mut bytes).unwrap();
            assert_eq!(bytes, message);
            stream
        };
        let stream = read(&mut syslog, b"3 one", None);
        let stream = read(&mut syslog, b"3 two", Some(stream));
        drop(stream);
        while syslog.stream.as_ref().is_some_and(is_open) {
            std::thread::yield_now();
        }
        read(&mut syslog, b"5 three", None);
        drop(listener);
        syslog.stream = None;
        assert!(syslog.send(b"4 four").is_err(), "nobody listens");
    }
}
