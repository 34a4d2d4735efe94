//! What surrounds every page.

mod flash;
mod navigation;

pub(super) use navigation::{Group, KEYS};

use auth_token::permissions::{ManageSettings, UseInbox};
use primitives::UserId;

use crate::session::{Session, Theme};

/// Navigation, who is signed in, and what the last form did.
pub(super) struct Shell {
    pub(super) name: String,
    pub(super) user_id: UserId,
    pub(super) email: String,
    pub(super) role: &'static str,
    pub(super) csrf: String,
    pub(super) theme: Theme,
    pub(super) letters: bool,
    /// Notifications that they have not read, counted to a hundred.
    pub(super) unread: i64,
    pub(super) has_bell: bool,
    /// Whether they may see what only settings, and what belongs to them, show.
    pub(super) manages_settings: bool,
    pub(super) shop_name: String,
    /// Whether customers can change nothing now.
    pub(super) closed: bool,
    /// What the last form did.
    pub(super) flash: Option<&'static str>,
    pub(super) groups: Vec<Group>,
    section: &'static str,
}

impl Shell {
    /// `section` is the link of the navigation that the page belongs to; `done` names what the last form did.
    pub(super) fn new(session: &Session, section: &'static str, done: Option<&str>) -> Self {
        Self {
            name: session.name.clone(),
            user_id: session.user_id,
            email: session.email.to_string(),
            role: session.role.as_str(),
            csrf: session.csrf.clone(),
            theme: session.theme,
            letters: session.letters,
            unread: session.unread,
            has_bell: session.may::<UseInbox>(),
            manages_settings: session.may::<ManageSettings>(),
            shop_name: session.shop_name.clone(),
            closed: session.closed,
            flash: done.and_then(flash::sentence),
            groups: navigation::shown_to(session.role, section),
            section,
        }
    }

    /// Whether this is the page of a link.
    pub(super) fn is_in(&self, section: &str) -> bool {
        self.section == section
    }

    /// One or two letters that stand for a name.
    pub(super) fn initials(&self) -> String {
        self.name
            .split_whitespace()
            .filter_map(|word| word.chars().next())
            .take(2)
            .flat_map(char::to_uppercase)
            .collect()
    }
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
        serde_html_form::to_string(pairs).unwrap_or_default()
    )
}
