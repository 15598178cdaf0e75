//! Who talks to whom as SVG that the server draws: two columns and lines between them.
//!
//! It stays readable whatever there is: the strongest ends have a row each, all others share one. Of a pair the busier end
//! stands on the left. The table on the same page says the same in words.

use crate::app::center::words::TalkLine;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Of the drawing, in its own units.
const WIDTH: u64 = 960;
const ROW: u64 = 24;
const LEFT_END: u64 = 300;
const RIGHT_END: u64 = WIDTH - LEFT_END;
/// Ends with a row of their own.
const LEFT: usize = 20;
const RIGHT: usize = 32;
/// Lines at most, the strongest.
const LINES: usize = 120;
/// Letters of a label.
const LETTERS: usize = 30;

/// The drawing.
pub(super) struct Drawing {
    pub(super) left: Vec<Node>,
    pub(super) right: Vec<Node>,
    pub(super) lines: Vec<Line>,
    pub(super) height: u64,
    /// Ends in it, with those that share a row.
    pub(super) ends: usize,
    /// Lines that were too weak.
    pub(super) left_out: usize,
}

/// One row.
pub(super) struct Node {
    pub(super) label: String,
    /// All of it, where the label is cut.
    pub(super) full: String,
    pub(super) y: u64,
}

/// One line.
pub(super) struct Line {
    pub(super) path: String,
    pub(super) width: u64,
    /// What it is, in words.
    pub(super) title: String,
}

/// An end of a pair, in its network.
type End<'a> = (&'a str, &'a str);

/// All pairs between two rows.
#[derive(Default)]
struct Bundle {
    packets: u64,
    pairs: usize,
    protocols: BTreeSet<&'static str>,
}

/// The busiest ends of one column, each with its row; all others have the row after these.
struct Column<'a> {
    rows: BTreeMap<End<'a>, usize>,
    others: usize,
}

impl<'a> Column<'a> {
    fn of(weights: &BTreeMap<End<'a>, u64>, ends: impl Iterator<Item = End<'a>>, most: usize) -> Self {
        let weight = |end| Reverse(weights.get(&end).copied().unwrap_or(0));
        let ends: BTreeSet<_> = ends.map(|end| (weight(end), end)).collect();
        // One more is better named than counted.
        let named = if ends.len() == most + 1 { ends.len() } else { ends.len().min(most) };
        let rows = ends.iter().take(named).enumerate().map(|(row, (_, end))| (*end, row)).collect();
        Self { rows, others: ends.len() - named }
    }

    fn row(&self, end: End<'_>) -> usize {
        self.rows.get(&end).copied().unwrap_or(self.rows.len())
    }

    fn nodes(&self, names: &BTreeMap<End<'a>, &'a str>) -> Vec<Node> {
        let mut ends: Vec<_> = self.rows.iter().map(|(end, row)| (*row, *end)).collect();
        ends.sort_unstable();
        let mut nodes: Vec<_> = ends.into_iter().map(|(row, end)| node(row, &named(end, names))).collect();
        if self.others > 0 {
            nodes.push(node(nodes.len(), &format!("{} more", self.others)));
        }
        nodes
    }
}

/// Draws pairs: as many as are given.
pub(super) fn drawing(talks: &[TalkLine]) -> Drawing {
    let (mut weights, mut names) = (BTreeMap::<End<'_>, u64>::new(), BTreeMap::new());
    for talk in talks {
        for (end, name) in [(one(talk), &talk.component_name), (other(talk), &talk.peer_name)] {
            let weight = weights.entry(end).or_default();
            *weight = weight.saturating_add(talk.packets);
            names.extend(name.as_deref().map(|name| (end, name)));
        }
    }
    let sided: Vec<_> = talks.iter().map(|talk| (sides(talk, &weights), talk)).collect();
    let left = Column::of(&weights, sided.iter().map(|(sides, _)| sides.0), LEFT);
    let right = Column::of(&weights, sided.iter().map(|(sides, _)| sides.1), RIGHT);
    let mut bundles: BTreeMap<(usize, usize), Bundle> = BTreeMap::new();
    for ((busier, quieter), talk) in sided {
        bundles.entry((left.row(busier), right.row(quieter))).or_default().add(talk);
    }
    let (left, right) = (left.nodes(&names), right.nodes(&names));
    let mut strongest: Vec<_> = bundles.into_iter().collect();
    strongest.sort_by_key(|(_, bundle)| Reverse(bundle.packets));
    let left_out = strongest.len().saturating_sub(LINES);
    strongest.truncate(LINES);
    let most = strongest.first().map_or(1, |(_, bundle)| bundle.packets);
    let lines = strongest.iter().map(|((one, other), bundle)| bundle.line(&left[*one], &right[*other], most));
    Drawing {
        lines: lines.collect(),
        height: ROW * left.len().max(right.len()) as u64 + 8,
        ends: weights.len(),
        left_out,
        left,
        right,
    }
}

fn one(talk: &TalkLine) -> End<'_> {
    (&talk.network, &talk.component)
}

fn other(talk: &TalkLine) -> End<'_> {
    (&talk.network, &talk.peer)
}

/// The busier end first. Groups and what is outside never are: they are many.
fn sides<'a>(talk: &'a TalkLine, weights: &BTreeMap<End<'a>, u64>) -> (End<'a>, End<'a>) {
    let (one, other) = (one(talk), other(talk));
    let is_one = matches!(other.1, "group" | "external") || weights.get(&one) >= weights.get(&other);
    if is_one { (one, other) } else { (other, one) }
}

fn named(end: End<'_>, names: &BTreeMap<End<'_>, &str>) -> String {
    let (network, word) = end;
    let word = super::activities::end(word, names.get(&end).copied());
    if network == crate::model::sighting::DEFAULT_NETWORK { word } else { format!("{word} ({network})") }
}

fn node(row: usize, full: &str) -> Node {
    let is_long = full.chars().count() > LETTERS;
    let cut = || full.chars().take(LETTERS - 1).chain(['…']).collect();
    let label = if is_long { cut() } else { full.to_owned() };
    Node { label, full: full.to_owned(), y: ROW * row as u64 + 16 }
}

impl Bundle {
    fn add(&mut self, talk: &TalkLine) {
        self.packets = self.packets.saturating_add(talk.packets);
        self.pairs += 1;
        self.protocols.insert(talk.protocol.label());
    }

    /// Up to seven units wide, by the root of how strong it is beside the strongest.
    fn line(&self, left: &Node, right: &Node, most: u64) -> Line {
        let middle = WIDTH / 2;
        let (from, to) = (left.y - 4, right.y - 4);
        let protocols: Vec<_> = self.protocols.iter().copied().collect();
        let pairs =
            if self.pairs > 1 { format!(", {} lines of the table", self.pairs) } else { String::new() };
        Line {
            path: format!("M{LEFT_END} {from}C{middle} {from} {middle} {to} {RIGHT_END} {to}"),
            width: 1 + root(36, self.packets, most),
            title: format!(
                "{} and {}: {}, {} packets{pairs}",
                left.label,
                right.label,
                protocols.join(", "),
                self.packets
            ),
        }
    }
}

/// The root of `full * part / whole`, where no part is greater.
fn root(full: u64, part: u64, whole: u64) -> u64 {
    let share = u128::from(full) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(share.isqrt()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::center::words::Spoken;
    use crate::model::property::Protocol;
    use crate::model::time::UnixTime;

    fn talk(component: &str, peer: &str, packets: u64) -> TalkLine {
        TalkLine {
            network: "default".into(),
            component: component.into(),
            component_name: None,
            peer: peer.into(),
            peer_name: Some("<b>plc</b>".into()).filter(|_| peer == "10.0.0.2"),
            protocol: Spoken(Some(Protocol::Modbus)),
            packets,
            bytes: packets,
            first: UnixTime::NEVER,
            last: UnixTime::NEVER,
            sensors: Vec::new(),
        }
    }

    fn labels(nodes: &[Node]) -> Vec<&str> {
        nodes.iter().map(|node| node.label.as_str()).collect()
    }

    #[test]
    fn the_busier_end_stands_left_and_names_are_shown() {
        let drawing = drawing(&[
            talk("10.0.0.1", "10.0.0.9", 4),
            talk("10.0.0.2", "10.0.0.9", 64),
            talk("10.0.0.1", "10.0.0.2", 1),
            talk("10.0.0.9", "external", 1),
        ]);
        assert_eq!(labels(&drawing.left), ["10.0.0.9", "10.0.0.2 <b>plc</b>"]);
        assert_eq!(labels(&drawing.right), ["10.0.0.2 <b>plc</b>", "10.0.0.1", "external addresses"]);
        assert_eq!((drawing.lines[0].width, drawing.lines.len(), drawing.ends), (7, 4, 4));
        assert_eq!(drawing.lines[0].title, "10.0.0.9 and 10.0.0.2 <b>plc</b>: Modbus, 64 packets");
        assert_eq!(drawing.lines[0].path, "M300 12C480 12 480 12 660 12");
    }

    #[test]
    fn five_hundred_ends_stay_readable_and_none_is_lost() {
        let talks: Vec<_> = (0..2000_u64)
            .map(|at| talk(&format!("10.0.1.{}", at % 250), &format!("10.0.2.{}", at * 7 % 251), at + 1))
            .collect();
        let drawing = drawing(&talks);
        assert_eq!((drawing.left.len(), drawing.right.len(), drawing.ends), (21, 33, 501));
        assert!(drawing.lines.len() <= LINES && drawing.height < 1000);
        assert!(drawing.left[20].label.ends_with(" more") && drawing.right[32].label.ends_with(" more"));
        let rows: BTreeSet<_> = drawing.left.iter().map(|node| node.y).collect();
        assert_eq!(rows.len(), 21, "no two in one place");
    }

    #[test]
    fn nothing_and_too_much_are_drawn_too() {
        let empty = drawing(&[]);
        assert_eq!((empty.lines.len(), empty.ends, empty.left.len()), (0, 0, 0));
        let long = talk(&"x".repeat(200), "group", u64::MAX);
        let drawing = drawing(&[long.clone(), long]);
        assert_eq!((drawing.lines[0].width, drawing.left[0].label.chars().count()), (7, LETTERS));
        assert!(drawing.lines[0].title.ends_with("2 lines of the table"));
    }
}
