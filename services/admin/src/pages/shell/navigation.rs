use auth_token::Role;
use auth_token::permissions::{
    ManageEvents, ManageSettings, Permission, ReadAudit, ReadCatalogue, ReadOrders, ReadUsers,
    UseInbox,
};

/// Links of the navigation that belong together.
pub(in crate::pages) struct Group {
    pub(in crate::pages) label: &'static str,
    pub(in crate::pages) items: Vec<Item>,
}

/// A link of the navigation.
pub(in crate::pages) struct Item {
    pub(in crate::pages) href: &'static str,
    pub(in crate::pages) label: &'static str,
    pub(in crate::pages) icon: &'static str,
    /// The letter that leads here after `g`.
    pub(in crate::pages) key: &'static str,
    pub(in crate::pages) current: bool,
}

struct Link {
    href: &'static str,
    label: &'static str,
    icon: &'static str,
    key: &'static str,
    shown_to: fn(Role) -> bool,
}

const fn link<P: Permission>(
    href: &'static str,
    label: &'static str,
    icon: &'static str,
    key: &'static str,
) -> Link {
    Link {
        href,
        label,
        icon,
        key,
        shown_to: P::allows,
    }
}

/// All of it; icons are symbols of `assets/icons.svg`.
const GROUPS: &[(&str, &[Link])] = &[
    ("", &[link::<ReadOrders>("/admin", "Home", "home", "h")]),
    (
        "Sell",
        &[
            link::<ReadOrders>("/admin/orders", "Orders", "box", "o"),
            link::<ReadUsers>("/admin/customers", "Customers", "person", "c"),
            link::<ReadOrders>("/admin/coupons", "Coupons", "percent", "d"),
            link::<ReadOrders>("/admin/promotions", "Promotions", "gift", "b"),
            link::<ReadUsers>("/admin/sellers", "Sellers", "shop", "l"),
            link::<ReadOrders>("/admin/analytics", "Analytics", "chart", "n"),
            link::<UseInbox>("/admin/messages", "Messages", "mail", "m"),
            link::<ReadOrders>("/admin/events/work-items", "Work items", "check", "t"),
        ],
    ),
    (
        "Catalogue",
        &[
            link::<ReadCatalogue>("/admin/products", "Products", "tag", "p"),
            link::<ReadCatalogue>("/admin/inventory", "Stock", "stack", "i"),
            link::<ReadCatalogue>("/admin/categories", "Categories", "folder", "k"),
            link::<ReadCatalogue>("/admin/reviews", "Reviews", "star", "r"),
            link::<ReadCatalogue>("/admin/imports", "Import and export", "upload", "u"),
        ],
    ),
    (
        "Shop",
        &[
            link::<ReadOrders>("/admin/shipping", "Shipping", "truck", "v"),
            link::<ReadOrders>("/admin/taxes", "Taxes", "receipt", "y"),
            link::<ManageSettings>("/admin/webhooks", "Webhooks", "plug", "w"),
            link::<ManageEvents>("/admin/events", "Events", "bolt", "e"),
            link::<ReadAudit>("/admin/audit", "Audit log", "scroll", "a"),
            link::<ManageSettings>("/admin/settings", "Settings", "gear", "s"),
        ],
    ),
];

/// What else the keyboard does, for the page that explains it.
pub(in crate::pages) const KEYS: &[(&str, &str)] = &[
    ("/", "Search everything"),
    ("j", "Next row"),
    ("k", "Row before"),
    ("Enter", "Open the row"),
    ("x", "Select the row"),
    ("f", "To the filters"),
    ("?", "This page"),
    ("Esc", "Leave a field"),
];

/// What somebody of this role may see.
pub(super) fn shown_to(role: Role, section: &str) -> Vec<Group> {
    let item = |link: &Link| Item {
        href: link.href,
        label: link.label,
        icon: link.icon,
        key: link.key,
        current: link.href == section,
    };
    GROUPS
        .iter()
        .map(|(label, links)| Group {
            label,
            items: links
                .iter()
                .filter(|link| (link.shown_to)(role))
                .map(item)
                .collect(),
        })
        .filter(|group| !group.items.is_empty())
        .collect()
}
