//! What the machine says of itself, and what an application host (IOx) says in the environment of its applications.

use crate::model::profile::Machine;
use std::env;
use std::path::PathBuf;

/// The product, as IOx names it: `IR1101-K9`.
const PRODUCT: &str = "CAF_SYSTEM_PRODUCT_ID";
/// The path of the settings that an operator gave to the application.
const SETTINGS: &str = "CAF_APP_CONFIG_FILE";

/// This machine. Without an application host nobody names the product.
pub fn this() -> Machine {
    Machine {
        architecture: env::consts::ARCH,
        product: env::var(PRODUCT).ok().filter(|name| !name.is_empty()),
    }
}

/// Where an application host put the operator's settings.
pub fn settings() -> Option<PathBuf> {
    env::var_os(SETTINGS).filter(|path| !path.is_empty()).map(PathBuf::from)
}
