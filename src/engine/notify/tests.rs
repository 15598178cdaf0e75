//! Each form, read back by a reader written from its specification.

use super::syslog::Form;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const HOSTILE: [&str; 16] = [
    "",
    "press-2",
    "a|b\\|c",
    "a=b \\= msg=x cs1=y",
    "x\" evil=\"1\"] [more@1 a=\"b",
    "ends in \\",
    "\\\\\"]]",
    "one\r\nBcc: all@example.com\r\n\r\nbody",
    "\n<165>1 - - - - - - second record",
    "\u{1b}[2J\u{0}\u{7}",
    "abc\u{202e}fdp.exe",
    "<script>alert(1)</script>",
    "{{7*7}} ${jndi:ldap://x}",
    "=cmd|' /C calc'!A0",
    "Prüfstand 7 \u{fffd} 漢字",
    "rt=1 CEF:0|a|b|c|d|e|9|",
];

fn origin() -> Origin {
    Origin { program: "tollgate-center", host: "center=1 \\ plant|2".to_owned() }
}

fn told(kind: &str, subject: &str, text: &str) -> Notification {
    Notification::new(UnixTime::from_millis(1_700_000_000_123), Severity::Warning, kind, subject, text)
}

/// Up to an unescaped `end`, and what follows it.
fn until(text: &str, end: char) -> (String, &str) {
    let (mut out, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (false, c) if c == end => return (out, &text[at + c.len_utf8()..]),
            (was, c) => {
                out.push(if was && c == 'n' {
                    '\n'
                } else if was && c == 'r' {
                    '\r'
                } else {
                    c
                });
                escaped = false;
            }
        }
    }
    (out, "")
}

/// A value of CEF's extension goes up to the next key, which is a word before an unescaped equals sign.
fn extension(mut text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    while !text.is_empty() {
        let (key, rest) = text.split_once('=').unwrap();
        let bytes = rest.as_bytes();
        let mut equals = None;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' => at += 1,
                b'=' => {
                    equals = Some(at);
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        let end = equals.map_or(rest.len(), |at| rest[..at].rfind(' ').unwrap());
        let ended = format!("{}\u{1}", &rest[..end]);
        let (value, left) = until(&ended, '\u{1}');
        assert!(left.is_empty());
        assert!(found.insert(key.to_owned(), value).is_none(), "{key} twice in {text}");
        text = rest.get(end + 1..).unwrap_or("");
    }
    found
}

fn reads_back_as_cef(line: &str, told: &Notification) {
    let mut rest = line.strip_prefix("CEF:0|").unwrap();
    let mut fields = Vec::new();
    for _ in 0..6 {
        let (field, more) = until(rest, '|');
        fields.push(field);
        rest = more;
    }
    assert_eq!(fields[..2], ["Tollgate", "tollgate-center"]);
    assert_eq!(fields[3..], [told.kind.clone(), told.kind.clone(), "6".to_owned()]);
    let facts = extension(rest);
    let expected = [
        ("rt", "1700000000123"),
        ("dvchost", &origin().host),
        ("cs1Label", "subject"),
        ("cs1", &told.subject),
        ("msg", &told.text),
    ];
    let expected: BTreeMap<String, String> =
        expected.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    assert_eq!(facts, expected, "{line}");
}

fn reads_back_as_syslog(message: &str, told: &Notification) {
    let mut words = message.splitn(7, ' ');
    let mut word = || words.next().unwrap();
    assert_eq!([word(), word()], ["<28>1", "2023-11-14T22:13:20.123Z"]);
    let header = [word(), word(), word(), word()];
    assert!(header.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())));
    let rest = words.next().unwrap().strip_prefix("[tollgate@32473 severity=\"warning\" kind=\"").unwrap();
    let (kind, rest) = until(rest, '"');
    let (subject, rest) = until(rest.strip_prefix(" subject=\"").unwrap(), '"');
    let text = rest.strip_prefix("] \u{feff}").unwrap();
    assert_eq!((&kind, &subject, text), (&told.kind, &told.subject, &*told.text), "{message}");
}

fn reads_back(told: &Notification) {
    let origin = origin();
    for form in [&told.kind, &told.subject, &told.text] {
        assert!(!form.chars().any(char::is_control), "{form:?}");
    }
    reads_back_as_cef(&cef::line(&origin, told), told);
    reads_back_as_syslog(&syslog::message(&origin, told, Form::Rfc5424), told);
    let carried = syslog::message(&origin, told, Form::Cef);
    let carried = carried.splitn(8, ' ').last().unwrap();
    reads_back_as_cef(carried, told);
    let framed = syslog::framed(carried);
    let (length, whole) = framed.split_once(' ').unwrap();
    assert_eq!((length.parse().ok(), whole), (Some(whole.len()), carried));
    let body: serde_json::Value = serde_json::from_str(&json::body(&origin, told, "1-1")).unwrap();
    assert_eq!((&body["kind"], &body["subject"]), (&told.kind.clone().into(), &told.subject.clone().into()));
    assert_eq!((&body["text"], &body["host"]), (&told.text.clone().into(), &origin.host.into()));
}

#[test]
fn hostile_names_read_back_in_each_form() {
    for subject in HOSTILE {
        for text in HOSTILE {
            reads_back(&told("SensorSilent", subject, text));
            reads_back(&told(subject, text, subject));
        }
    }
    reads_back(&told("SensorSilent", &"x".repeat(65_536), &"\\|=\"]".repeat(20_000)));
}

proptest! {
    #[test]
    fn any_text_reads_back_in_each_form(kind: String, subject: String, text: String) {
        reads_back(&told(&kind, &subject, &text));
    }
}

#[test]
fn the_escapes_of_cef_hold_a_line_that_ends() {
    let value = "a=b\\c\r\nd";
    assert_eq!(extension(&format!("k={}", cef::value(value)))["k"], value);
    assert_eq!(cef::header("a|b\\c\nd"), "a\\|b\\\\c d");
}

#[test]
fn a_signature_is_the_one_of_rfc_4231() {
    let signed = json::signature(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(signed, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[test]
fn a_subject_of_mail_is_one_line() {
    let told = told("SensorSilent", "one\r\nBcc: all@example.com", "x");
    let subject = mail::subject(&origin(), &told);
    assert_eq!(subject, "[tollgate-center] warning: SensorSilent: one Bcc: all@example.com");
}

#[test]
fn a_full_outbox_drops_the_oldest_and_counts_it() {
    let mut outbox = Outbox::new(2);
    let texts = ["1", "2", "3", "4"].map(|text| told("K", "s", text));
    let (first, mut rest) = (texts[0].clone(), texts[1..].iter().cloned());
    outbox.put(first);
    let (number, _) = outbox.first().unwrap();
    outbox.put(rest.next().unwrap());
    assert!(outbox.failed("down".to_owned()) && !outbox.failed("down".to_owned()));
    outbox.put(rest.next().unwrap());
    assert_eq!(outbox.first().unwrap().1.text, "2");
    let figures = outbox.figures("x");
    assert_eq!((figures.waiting, figures.sent, figures.dropped), (2, 0, 1));
    assert_eq!(figures.fault.as_deref(), Some("down"));
    // What was under way while it gave way went out after all.
    outbox.sent(number);
    let figures = outbox.figures("x");
    assert_eq!((figures.waiting, figures.sent, figures.dropped, figures.fault), (2, 1, 0, None));
    let (number, _) = outbox.first().unwrap();
    outbox.sent(number);
    outbox.put(rest.next().unwrap());
    let (number, _) = outbox.first().unwrap();
    outbox.refused(number);
    let figures = outbox.figures("x");
    assert_eq!((figures.waiting, figures.sent, figures.dropped), (1, 2, 1));
}
