//! The digest of a bundle: one name for all that it holds.

use crate::model::lease::{BundleDigest, RuleSet};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// Every file of a bundle with its SHA-256, in the order of their names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing(pub BTreeMap<String, BundleDigest>);

impl Listing {
    /// SHA-256 over a text of lines: a header, the rule set, the folder that the rules are taken from if one was chosen,
    /// then `<SHA-256>  <name>` of each file. The set is part of it: no right to a Subscriber bundle can be taken for one
    /// to a Community bundle, or the other way round.
    pub fn digest(&self, set: RuleSet, under: Option<&str>) -> BundleDigest {
        let mut hash = Sha256::new();
        hash.update(format!("tollgate rule set 1\nset {set}\nunder {}\n", under.unwrap_or("")));
        self.0.iter().for_each(|(name, digest)| hash.update(format!("{digest}  {name}\n")));
        BundleDigest::from_bytes(hash.finalize().into())
    }
}

/// Of some bytes.
pub fn of(bytes: &[u8]) -> BundleDigest {
    BundleDigest::from_bytes(Sha256::digest(bytes).into())
}

/// Copies, and says the digest and the number of bytes.
///
/// # Errors
/// Those of reader and writer.
pub fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<(BundleDigest, u64)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => return Ok((BundleDigest::from_bytes(hash.finalize().into()), bytes)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        hash.update(&buffer[..n]);
        to.write_all(&buffer[..n])?;
        bytes += n as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_and_choice_are_part_of_the_name() {
        let listing = Listing([("a.rules".to_owned(), of(b"x"))].into());
        let community = listing.digest(RuleSet::Community, None);
        assert_ne!(community, listing.digest(RuleSet::Subscriber, None));
        assert_ne!(community, listing.digest(RuleSet::Community, Some("rules")));
        let other = Listing([("b.rules".to_owned(), of(b"x"))].into());
        assert_ne!(community, other.digest(RuleSet::Community, None));
    }
}
