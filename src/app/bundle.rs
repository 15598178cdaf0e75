//! What a command line says of a rule bundle, at the sensor and at the Center.

use crate::io::rules::{Code, Wish};
use crate::model::lease::RuleSet;
use clap::Args;
use std::path::PathBuf;

/// A bundle that is to be taken in.
#[derive(Debug, Args)]
pub struct BundleArgs {
    /// The bundle: a folder, a tar or a tar.gz archive
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// As which set: community (free of charge) or subscriber (needs an entitlement to run)
    #[arg(long)]
    pub set: RuleSet,
    /// A name for people [default: that of the bundle]
    #[arg(long)]
    pub name: Option<String>,
    /// Take the rules from this folder of the bundle only
    #[arg(long, value_name = "FOLDER")]
    pub under: Option<String>,
}

impl BundleArgs {
    /// What is wanted of it, with this done to code.
    pub fn wish(&self, code: Code) -> Wish {
        let file_name = || self.bundle.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = self.name.clone().unwrap_or_else(file_name);
        Wish { under: self.under.clone(), code, ..Wish::new(self.set, &name) }
    }
}
