//! What pages say of times, spans and standings. Templates hand over what they have by reference.
#![allow(clippy::trivially_copy_pass_by_ref, reason = "templates do")]

use crate::app::center::words::SensorLine;
use crate::model::time::UnixTime;

/// A time as people read it.
pub(super) fn time(at: &UnixTime) -> String {
    let text = at.to_string();
    format!("{} {} UTC", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// A day.
pub(super) fn day(at: &UnixTime) -> String {
    at.to_string().chars().take(10).collect()
}

/// How long something has run.
pub(super) fn span(seconds: &u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        (1, _) => format!("1 day {hours} h"),
        _ => format!("{days} days {hours} h"),
    }
}

/// Of what a sensor sees, how much is taken: apart from whether it is heard.
pub(super) fn processing(line: &SensorLine) -> &'static str {
    match (line.state.as_str(), line.equal) {
        ("never heard", _) => "waiting for data",
        ("revoked", _) => "nothing is taken",
        _ if line.saturated => "its table is full",
        (_, Some(true)) => "normally processing",
        (_, Some(false)) => "being told again",
        _ if line.committed < line.seq => "pending data",
        _ => "not known yet",
    }
}

/// How to show a standing: a class of the style sheet.
pub(super) fn colour(line: &SensorLine) -> &'static str {
    match line.state.as_str() {
        "online" if line.faults.is_empty() => "good",
        "online" | "never heard" => "warn",
        _ => "bad",
    }
}

/// How far a clock is off.
pub(super) fn clock(seconds: &i64) -> String {
    match *seconds {
        0 => "right".to_owned(),
        ahead @ 1.. => format!("{ahead} s ahead"),
        behind => format!("{} s behind", behind.unsigned_abs()),
    }
}

/// A serial number with the guide's spaces: digits in pairs behind the first hyphen. To search for it they are removed.
pub(super) fn spaced(serial: &str) -> String {
    let pairs = |part: &str| {
        let pairs: Vec<&[u8]> = part.as_bytes().chunks(2).collect();
        pairs.iter().map(|pair| String::from_utf8_lossy(pair)).collect::<Vec<_>>().join(" ")
    };
    let hexadecimal =
        |part: &str| part.len().is_multiple_of(2) && part.bytes().all(|b| b.is_ascii_hexdigit());
    let mut parts = serial.split('-');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| if hexadecimal(part) { pairs(part) } else { part.to_owned() });
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_spans_and_clocks_are_as_people_read_them() {
        let at = UnixTime::from_millis(1_800_000_000_000);
        assert_eq!((time(&at), day(&at)), ("2027-01-15 08:00:00 UTC".into(), "2027-01-15".into()));
        assert_eq!(
            [59, 7_260, 90_000, 200_000].map(|it| span(&it)),
            ["0 min", "2 h 1 min", "1 day 1 h", "2 days 7 h"]
        );
        assert_eq!([0, 5, -130].map(|it| clock(&it)), ["right", "5 s ahead", "130 s behind"]);
    }

    #[test]
    fn serial_numbers_have_the_guide_s_spaces() {
        for (serial, shown) in [
            (
                "VMware-420f637e3da26755-98306b53c6b2d519",
                "VMware-42 0f 63 7e 3d a2 67 55-98 30 6b 53 c6 b2 d5 19",
            ),
            ("CENTER-0123456789AB", "CENTER-01 23 45 67 89 AB"),
            ("CENTERVM-INT17047", "CENTERVM-INT17047"),
            ("", ""),
        ] {
            assert_eq!(spaced(serial), shown);
            assert_eq!(shown.replace(' ', ""), serial);
        }
    }
}
