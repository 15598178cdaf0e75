//! From what a user gives as a filter to a [`Program`].
//!
//! What must hold: the compiled form works in every build; only an expression needs libpcap's compiler.

use crate::engine::filter::{DecimalError, Filter, Program};
use crate::model::frame::LinkType;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The longest compiled text read: the longest program, with 30 characters a line.
const TEXT_MAX: u64 = 30 * (Program::LEN_MAX as u64 + 1);

/// Why a filter cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The file after `@` cannot be read.
    #[error("cannot read filter {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file after `@` is not a compiled filter.
    #[error("filter {}: {source}", path.display())]
    FileContent {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: DecimalError,
    },
    /// A text of numbers is not a compiled filter.
    #[error("compiled filter: {0}")]
    Decimal(#[from] DecimalError),
    /// The compiler does not take the expression.
    #[error("filter expression for link type {link}: {message}")]
    Expression {
        /// What frames it was to be compiled for.
        link: LinkType,
        /// The compiler's words.
        message: String,
    },
    /// Built without libpcap.
    #[error(
        "this build has no filter compiler; compile elsewhere with `tcpdump -ddd 'EXPR'` and give the result \
         as `--filter @FILE`"
    )]
    NoCompiler,
}

/// The program that `spec` stands for: `@path` is a file in the decimal form of `tcpdump -ddd`, a text of nothing
/// but numbers is that form itself, and anything else is an expression (pcap-filter(7)) for frames of type `link`.
///
/// # Errors
/// Says which of the three it was taken for and what is wrong with it.
pub fn load(spec: &str, link: LinkType) -> Result<Program, FilterError> {
    if let Some(path) = spec.strip_prefix('@') {
        from_file(Path::new(path))
    } else if is_decimal(spec) {
        Ok(Program::parse_ddd(spec)?)
    } else {
        compile(spec, link)
    }
}

/// The filter that `spec` stands for, for frames of every link type. A compiled form is taken as it is for all; an
/// expression is compiled for each link type that it can be stated for; where the compiler finds that no frame of a
/// type can match (`arp` on raw IP), none does.
///
/// # Errors
/// As [`load`] for Ethernet, when the expression can be stated for no link type.
pub fn load_for_every_link(spec: &str) -> Result<Filter, FilterError> {
    if spec.starts_with('@') || is_decimal(spec) {
        let program = load(spec, LinkType::Ethernet)?;
        return Ok(Filter::new(|_| Some(program.clone())));
    }
    let mut stated = false;
    let filter = Filter::new(|link| match load(spec, link) {
        Ok(program) => {
            stated = true;
            Some(program)
        }
        Err(error) if error.rejects_all() => Program::parse_ddd(REJECT_ALL).ok(),
        Err(_) => None,
    });
    if !stated {
        load(spec, LinkType::Ethernet)?;
    }
    Ok(filter)
}

const REJECT_ALL: &str = "1,6 0 0 0";

impl FilterError {
    /// Whether the compiler says that no frame can match.
    fn rejects_all(&self) -> bool {
        matches!(self, Self::Expression { message, .. } if message.contains("rejects all packets"))
    }
}

fn is_decimal(spec: &str) -> bool {
    let allowed = |c: char| c.is_ascii_digit() || c.is_ascii_whitespace() || c == ',';
    spec.contains(|c: char| c.is_ascii_digit()) && spec.chars().all(allowed)
}

fn from_file(path: &Path) -> Result<Program, FilterError> {
    let text = read(path).map_err(|source| FilterError::File { path: path.into(), source })?;
    Program::parse_ddd(&text).map_err(|source| FilterError::FileContent { path: path.into(), source })
}

/// Bounded: what is behind the path may be a device that never ends.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(TEXT_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than any filter program"));
    }
    Ok(text)
}

#[cfg(feature = "libpcap")]
fn compile(expression: &str, link: LinkType) -> Result<Program, FilterError> {
    let text = decimal(expression, link).map_err(|error| {
        let message = match error {
            pcap::Error::PcapError(message) => message,
            other => other.to_string(),
        };
        FilterError::Expression { link, message }
    })?;
    Ok(Program::parse_ddd(&text)?)
}

/// Through the text form, which is how the `pcap` crate shows instructions.
#[cfg(feature = "libpcap")]
fn decimal(expression: &str, link: LinkType) -> Result<String, pcap::Error> {
    use std::fmt::Write as _;

    let program = empty_capture(link)?.compile(expression, true)?;
    let instructions = program.get_instructions();
    let mut text = instructions.len().to_string();
    for instruction in instructions {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{instruction}");
    }
    Ok(text)
}

/// A capture file without packets, through a pipe: for BSD loopback frames the compiler looks for IPv6 under the
/// numbers of all systems when it compiles for a file, and under this system's own otherwise.
#[cfg(feature = "libpcap")]
fn empty_capture(link: LinkType) -> Result<pcap::Capture<pcap::Offline>, pcap::Error> {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    let number = pcap::Linktype::from_name(link.name())?.0;
    let failed = |error: io::Error| pcap::Error::IoError(error.kind());
    let (reader, mut writer) = io::pipe().map_err(failed)?;
    let fields = [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 262_144, number.unsigned_abs()];
    writer.write_all(&fields.map(u32::to_ne_bytes).concat()).map_err(failed)?;
    drop(writer);
    pcap::Capture::from_file(format!("/proc/self/fd/{}", reader.as_raw_fd()))
}

#[cfg(not(feature = "libpcap"))]
fn compile(_expression: &str, _link: LinkType) -> Result<Program, FilterError> {
    Err(FilterError::NoCompiler)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const ARP: &str = "4\n40 0 0 12\n21 0 1 2054\n6 0 0 262144\n6 0 0 0\n";

    #[test]
    fn numbers_and_a_file_of_numbers_are_the_same_program() {
        let path = std::env::temp_dir().join(format!("tollgate-filter-{}", std::process::id()));
        File::create(&path).unwrap().write_all(ARP.as_bytes()).unwrap();
        let from_file = load(&format!("@{}", path.display()), LinkType::Ethernet);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(from_file.unwrap(), load(ARP, LinkType::Ethernet).unwrap());
        assert_eq!(load(&ARP.trim().replace('\n', ","), LinkType::Ethernet).unwrap().instructions().len(), 4);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let missing = load("@/nonexistent/filter", LinkType::Ethernet).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read filter /nonexistent/filter: "), "{missing}");
        let endless = load("@/dev/zero", LinkType::Ethernet).unwrap_err();
        assert!(matches!(endless, FilterError::File { .. }), "{endless}");
        let short = load("2\n6 0 0", LinkType::Ethernet).unwrap_err().to_string();
        assert!(short.starts_with("compiled filter: line 2: "), "{short}");
    }

    #[cfg(feature = "libpcap")]
    #[test]
    fn expressions_compile_for_every_link_type_of_the_model() {
        let filter = load_for_every_link("udp port 53").unwrap();
        assert!(LinkType::ALL.into_iter().all(|link| filter.program(link).is_some()));
        assert_eq!(load("arp", LinkType::Ethernet).unwrap().instructions().len(), 4);
        assert!(load("", LinkType::Ethernet).is_ok());
    }

    #[cfg(feature = "libpcap")]
    #[test]
    fn an_expression_without_meaning_for_a_link_type_has_no_program_there() {
        let filter = load_for_every_link("vlan 20").unwrap();
        assert!(filter.program(LinkType::Ethernet).is_some() && filter.program(LinkType::Raw).is_none());
        let arp = load_for_every_link("arp").unwrap();
        assert_eq!(arp.program(LinkType::Raw).unwrap().instructions().len(), 1);
        assert!(load_for_every_link("udp prt 53").is_err() && load_for_every_link("ip and arp").is_err());
    }

    #[cfg(feature = "libpcap")]
    #[test]
    fn a_wrong_expression_is_answered_in_the_compilers_words() {
        let error = load("udp prt 53", LinkType::Ethernet).unwrap_err().to_string();
        assert!(error.starts_with("filter expression for link type EN10MB: "), "{error}");
    }

    #[cfg(not(feature = "libpcap"))]
    #[test]
    fn without_a_compiler_an_expression_says_where_to_get_one() {
        let error = load("udp port 53", LinkType::Ethernet).unwrap_err();
        assert!(matches!(error, FilterError::NoCompiler));
    }
}
