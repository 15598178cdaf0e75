//! What stations say of themselves, heard by this crate and by tshark: whatever tshark reads, this crate hears.
//!
//! The captures are looked for as `tests/support/captures.rs` says.
#![allow(clippy::unwrap_used, dead_code, missing_docs)]

#[path = "support/captures.rs"]
mod captures;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use tollgate::engine::identity::listen;
use tollgate::engine::wire::decode;
use tollgate::engine::wire::payload::payload;
use tollgate::io::capture::FrameSink;
use tollgate::io::capture::file::CaptureFile;
use tollgate::io::capture::progress::Progress;
use tollgate::model::frame::Frame;
use tollgate::model::plain::PlainText;

/// A capture; which of its frames; the field that tshark reads there; what stands before it in our words.
const ROWS: [(&str, &str, &str, &str); 14] = [
    ("tcpdump/lldp_mudurl.pcap", "lldp", "lldp.tlv.system.name", ""),
    ("tcpdump/erspan-type-i-4.pcap", "lldp", "lldp.tlv.system.name", ""),
    ("tcpdump/LLDP_and_CDP.pcap", "cdp", "cdp.deviceid", ""),
    ("tcpdump/LLDP_and_CDP.pcap", "cdp", "cdp.platform", ""),
    ("ICS-Security-Tools/openics/EIP-FirmwareChange.pcap", "cdp", "cdp.platform", ""),
    ("ethercrab/dumps/soem-dual-lan9252.pcapng", "udp.srcport==68", "dhcp.option.hostname", ""),
    ("ethercrab/dumps/soem-dual-lan9252.pcapng", "udp.srcport==68", "dhcp.option.vendor_class_id", ""),
    ("nDPI/wa_voice.pcap", "udp.srcport==68", "dhcp.option.hostname", ""),
    (
        "ICS-Security-Tools/profinet/profinet-wireshark-bug.pcap",
        ANSWER,
        "pn_dcp.suboption_device_devicevendorvalue",
        "",
    ),
    ("suricata-verify/enip-keywords/enip_cip_example.pcap", "enip", "enip.lir.name", ""),
    ("icsnpp-modbus/modbus_example.pcap", "tcp.srcport==502", "modbus.object_str_value", ""),
    ("icsnpp-s7comm/s7ident.pcap", "s7comm", "s7comm.szl.001c.0001.name", ""),
    (
        "icsnpp-bacnet/bacnet_example.pcap",
        "bacapp.unconfirmed_service==0",
        "bacapp.vendor_identifier",
        "BACnet vendor ",
    ),
    ("nDPI/webdav.pcap", "tcp.srcport==80 && !tcp.segments", "http.server", ""),
];
const ANSWER: &str = "pn_dcp.service_type==1";

/// The values of one field, by frame.
type Values = BTreeMap<usize, Vec<String>>;

/// `None` when there is no tshark.
fn read_by_tshark(path: &Path, frames: &str, field: &str) -> Option<Values> {
    let filter = format!("({frames}) && {field}");
    let output = Command::new("tshark")
        .args([
            "-n",
            "-T",
            "fields",
            "-E",
            "aggregator=|",
            "-e",
            "frame.number",
            "-e",
            field,
            "-Y",
            &filter,
            "-r",
        ])
        .arg(path)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Some(
        lines
            .map(|(frame, values)| (frame.parse().unwrap(), values.split('|').map(str::to_owned).collect()))
            .collect(),
    )
}

/// All texts, by frame as tshark numbers them.
#[derive(Default)]
struct Heard {
    frames: usize,
    said: BTreeMap<usize, Vec<String>>,
}

impl FrameSink for Heard {
    fn frame(&mut self, frame: Frame<'_>) {
        self.frames += 1;
        let Some(payload) = payload(&frame) else { return };
        let found = listen(&payload, decode(&frame).sender);
        let texts = found.said.iter().filter_map(|(_, bytes)| PlainText::read(bytes));
        self.said.insert(self.frames, texts.map(|text| text.to_string()).collect());
    }

    fn undecodable(&mut self) {
        self.frames += 1;
    }
}

#[test]
fn what_tshark_reads_is_heard() {
    let Some(folder) = captures::folder() else { return };
    for (name, frames, field, before) in ROWS {
        let path = folder.join(name);
        let Some(expected) = read_by_tshark(&path, frames, field) else {
            eprintln!("NOT RUN: comparison with tshark, which is not installed (apt-get install tshark)");
            return;
        };
        assert!(!expected.is_empty(), "{name}: tshark reads no {field}");
        let mut heard = Heard::default();
        CaptureFile::open(&path).unwrap().read(&mut heard, &Progress::new()).unwrap();
        for (frame, value) in
            expected.iter().flat_map(|(frame, values)| values.iter().map(move |value| (frame, value)))
        {
            let Some(text) = PlainText::read(format!("{before}{value}").as_bytes()) else { continue };
            let said = heard.said.get(frame);
            let is_said = said.is_some_and(|said| said.iter().any(|said| said == text.as_str()));
            assert!(is_said, "{name}, frame {frame}, {field}: tshark reads {text:?}, heard was {said:?}");
        }
        eprintln!("{name}: {field} in {} frames", expected.len());
    }
}
