//! The Center's pages: the menu, the lists of pages, and what stands above each.

use super::{license, look, people};
use crate::app::pages::{Banner, Site, Visit};

pub(super) static SITE: Site = Site {
    product: "Tollgate Center",
    name: "center",
    menu: &[
        ("/license", "License"),
        ("/sensors", "Sensors"),
        ("/snort", "Snort"),
        ("/components", "Components"),
        ("/activities", "Activities"),
        ("/usage", "Usage"),
        ("/system", "System statistics"),
        ("/people", "People and keys"),
    ],
    pages: &[license::PAGES, look::PAGES, people::PAGES],
    banner: |visit| Box::pin(banner(visit)),
};

/// Methods and paths of all pages, for a test that walks over them.
pub fn page_addresses() -> impl Iterator<Item = (&'static str, &'static str)> {
    SITE.addresses()
}

/// Who may not look at the licence is not told of it.
async fn banner(visit: &Visit) -> Option<Banner> {
    license::banner(visit).await.ok().flatten()
}
