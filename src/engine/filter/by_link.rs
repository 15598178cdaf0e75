//! One filter for frames of any link type.

use super::Program;
use crate::model::frame::{Frame, LinkType};

/// A program for each link type, since an expression reads other bytes on each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    by_link: [Option<Program>; LinkType::ALL.len()],
}

impl Filter {
    /// The program that `make` gives for each link type; frames of one without a program never match.
    pub fn new(make: impl FnMut(LinkType) -> Option<Program>) -> Self {
        Self { by_link: LinkType::ALL.map(make) }
    }

    /// The program for frames of `link`.
    #[inline]
    pub fn program(&self, link: LinkType) -> Option<&Program> {
        self.by_link[link as usize].as_ref()
    }

    /// Whether the frame is accepted.
    #[inline]
    pub fn matches(&self, frame: &Frame<'_>) -> bool {
        self.program(frame.link).is_some_and(|program| program.matches(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::CaptureTime;

    #[test]
    fn each_link_type_has_its_own_program() {
        let accept = Program::parse_ddd("1,6 0 0 262144").unwrap();
        let filter = Filter::new(|link| (link == LinkType::LinuxSll2).then(|| accept.clone()));
        for link in LinkType::ALL {
            let frame = Frame { link, time: CaptureTime::MIN, bytes: &[0; 60], stripped_tag: None };
            assert_eq!(filter.matches(&frame), link == LinkType::LinuxSll2, "{link}");
        }
    }
}
