//! Names inside a bundle: what a path may be, and that no two are the same.

use super::StageFault;
use std::collections::HashMap;

const PATH_MAX: usize = 512;
const DEPTH_MAX: usize = 16;

/// A path as it is stored: relative, folders separated by `/`, nothing to be resolved.
///
/// # Errors
/// Absolute paths, `..`, anything but printable ASCII, backslashes, too long or too deep.
pub fn clean(path: &[u8]) -> Result<String, StageFault> {
    let shown =
        || String::from_utf8_lossy(path).chars().take(120).collect::<String>().escape_debug().to_string();
    let printable = path.iter().all(|byte| (b' '..=b'~').contains(byte) && *byte != b'\\');
    let text =
        std::str::from_utf8(path).ok().filter(|_| printable).ok_or_else(|| StageFault::Name(shown()))?;
    if text.starts_with('/') {
        return Err(StageFault::Absolute(shown()));
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err(StageFault::Traversal(shown()));
    }
    let name = parts.join("/");
    let fits =
        name.len() <= PATH_MAX && parts.len() <= DEPTH_MAX && parts.iter().all(|part| part.len() <= 255);
    if fits { Ok(name) } else { Err(StageFault::Name(shown())) }
}

/// All names of a bundle. Upper and lower case are the same: what is two files on one disk is one on another.
#[derive(Debug, Default)]
pub struct Names {
    /// Lower case -> as written, and whether it is a folder.
    seen: HashMap<String, (String, bool)>,
}

impl Names {
    /// Takes the name of a file, and those of the folders it is in.
    ///
    /// # Errors
    /// When it is taken.
    pub fn file(&mut self, name: &str) -> Result<(), StageFault> {
        self.folders(name)?;
        self.take(name, false)
    }

    /// Takes the name of a folder; the same one may come again.
    ///
    /// # Errors
    /// When it is a file's, or differs in case only.
    pub fn folder(&mut self, name: &str) -> Result<(), StageFault> {
        self.folders(name)?;
        self.take(name, true)
    }

    fn folders(&mut self, name: &str) -> Result<(), StageFault> {
        name.match_indices('/').try_for_each(|(at, _)| self.take(&name[..at], true))
    }

    fn take(&mut self, name: &str, folder: bool) -> Result<(), StageFault> {
        let mine = (name.to_owned(), folder);
        match self.seen.get(&name.to_ascii_lowercase()) {
            Some(before) if folder && *before == mine => Ok(()),
            Some(_) => Err(StageFault::Duplicate(name.to_owned())),
            None => {
                self.seen.insert(name.to_ascii_lowercase(), mine);
                Ok(())
            }
        }
    }
}

/// Whether a file is code by its name: Lua scripts and shared objects, which Snort would run.
pub fn is_code(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or(&name);
    let ends = [".lua", ".so", ".luac", ".a", ".o", ".dll", ".dylib", ".sh", ".py"];
    ends.iter().any(|end| file.ends_with(end)) || file.contains(".so.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(path: &[u8]) -> &'static str {
        clean(path).map_or_else(|fault| fault.code(), |_| "taken")
    }

    #[test]
    fn paths_stay_inside() {
        assert_eq!(clean(b"./rules//a.rules").unwrap(), "rules/a.rules");
        for (path, why) in [
            (&b"../a"[..], "traversal"),
            (b"a/../../b", "traversal"),
            (b"/etc/passwd", "absolute-path"),
            (b"a\\b", "name"),
            (b"a\nb", "name"),
            (b"caf\xc3\xa9", "name"),
            (b"\xff", "name"),
            (&[b'a'; 300], "name"),
        ] {
            assert_eq!(code(path), why, "{}", String::from_utf8_lossy(path));
        }
        assert_eq!(code("a/".repeat(17).as_bytes()), "name");
    }

    #[test]
    fn a_name_is_there_once() {
        let mut names = Names::default();
        names.file("rules/a.rules").unwrap();
        names.folder("rules").unwrap();
        for twice in ["rules/a.rules", "rules/A.RULES", "Rules/b.rules", "rules"] {
            assert!(names.file(twice).is_err(), "{twice}");
        }
        assert!(names.folder("rules/a.rules").is_err());
    }

    #[test]
    fn code_is_known_by_its_name() {
        for name in ["a.lua", "x/B.LUA", "m/x.so", "m/x.so.1"] {
            assert!(is_code(name), "{name}");
        }
        assert!(!is_code("lua/a.rules") && !is_code("README.solaris"));
    }
}
