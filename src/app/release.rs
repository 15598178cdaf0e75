//! `verify-release`, in every program that is installed by a release: is it the maintainer's, and whole?

use crate::io::release::{ReleaseFault, key, verify};
use crate::model::release::Release;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
A plant without a network gets one file: all packages, what they are made of (sbom.cdx.json), licences, checksums. Its
manifest is signed by the maintainer's key, which was brought another way.

After --into, `sh DIR/upgrade --dry-run` says what would change on this machine, and `sh DIR/upgrade` does it.

Exit status: 0 verified, 1 refused.";

/// A release bundle.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct VerifyReleaseArgs {
    /// The bundle, as it was brought here
    #[arg(value_name = "FILE")]
    pub bundle: PathBuf,
    /// The maintainer's public key, in PEM
    #[arg(long, value_name = "FILE", default_value = "/etc/tollgate/release.pem")]
    pub key: PathBuf,
    /// Unpack it to this new folder once all of it is verified
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
}

/// Runs the command.
pub fn main(args: &VerifyReleaseArgs) -> ExitCode {
    match checked(args) {
        Ok(release) => {
            let files: Vec<String> = release.files.keys().map(|name| format!("  {name}\n")).collect();
            let said = format!("release {} is whole and signed:\n{}", release.version, files.concat());
            // A reader that went away has seen enough.
            let _ = std::io::stdout().write_all(said.as_bytes());
            ExitCode::SUCCESS
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "refused: {}: {why}", args.bundle.display());
            ExitCode::FAILURE
        }
    }
}

fn checked(args: &VerifyReleaseArgs) -> Result<Release, ReleaseFault> {
    verify(&args.bundle, key(&args.key)?, args.into.as_deref())
}
