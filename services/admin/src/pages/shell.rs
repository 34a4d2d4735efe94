//! What surrounds every page.

use crate::session::Session;

/// Navigation, who is signed in, and what the last form did.
pub(super) struct Shell {
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) csrf: String,
    /// What the last form did.
    pub(super) flash: Option<&'static str>,
    section: &'static str,
}

/// A link of the navigation.
pub(super) struct NavItem {
    pub(super) href: &'static str,
    pub(super) label: &'static str,
    pub(super) current: bool,
}

const SECTIONS: [(&str, &str); 4] = [
    ("/admin", "Home"),
    ("/admin/orders", "Orders"),
    ("/admin/products", "Products"),
    ("/admin/customers", "Customers"),
];

impl Shell {
    /// `section` is the link of the navigation that the page belongs to; `done` names what the last form did.
    pub(super) fn new(session: &Session, section: &'static str, done: Option<&str>) -> Self {
        Self {
            name: session.name.clone(),
            role: session.role.as_str(),
            csrf: session.csrf.clone(),
            flash: done.and_then(sentence),
            section,
        }
    }

    /// Whether this is the page of a link.
    pub(super) fn is_in(&self, section: &str) -> bool {
        self.section == section
    }

    pub(super) fn nav(&self) -> impl Iterator<Item = NavItem> + '_ {
        SECTIONS.iter().map(|(href, label)| NavItem {
            href,
            label,
            current: *href == self.section,
        })
    }
}

fn sentence(done: &str) -> Option<&'static str> {
    Some(match done {
        "ship" => "The shipment is recorded, and the customer gets a mail.",
        "deliver" => "The shipment is marked as delivered.",
        "cancel" => "The order is cancelled.",
        "refund" => "The refund is on its way.",
        "approve" => "The product is public.",
        "reject" => "The product is rejected, and the seller sees why.",
        "totp" => "The authenticator app is set up.",
        "totp_removed" => "The authenticator app is removed.",
        _ => return None,
    })
}

/// A choice of a filter.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) label: String,
    pub(super) selected: bool,
}

/// "Any" and the given values, with the chosen one marked.
pub(super) fn choices(values: &'static [&'static str], chosen: &str) -> Vec<Choice> {
    let any = Choice {
        value: "",
        label: "any".to_owned(),
        selected: chosen.is_empty(),
    };
    let choice = |value: &&'static str| Choice {
        value,
        label: value.replace('_', " "),
        selected: *value == chosen,
    };
    std::iter::once(any)
        .chain(values.iter().map(choice))
        .collect()
}

/// The same page with other values: keeps the filter, moves on in the list.
pub(super) fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    format!(
        "{path}?{}",
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    )
}
