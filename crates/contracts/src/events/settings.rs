use primitives::{Currency, EmailAddress};
use serde::{Deserialize, Serialize};

/// What staff set for the whole shop. What is absent is as the environment of each service says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopSettings {
    /// What the shop is called: in mails, in authenticator apps, in the panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop_name: Option<String>,
    /// Who sells, as it stands on invoices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_name: Option<String>,
    /// What stands below it; lines end with `;`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_address: Option<String>,
    /// What stands at the foot of each page; lines end with `;`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_footer: Option<String>,
    /// From which address mails come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_address: Option<EmailAddress>,
    /// From whom mails come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_name: Option<String>,
    /// What new carts, and prices that do not say theirs, are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// With how many units left a new variant counts as running low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_stock_threshold: Option<u32>,
    /// After how many hours a paid order that was not shipped is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_after_hours: Option<u32>,
    /// After how many hours a work item that nobody took is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue_after_hours: Option<u32>,
    /// That customers can look, but change nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
}

/// Why customers can change nothing, and when to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// For customers.
    pub message: String,
    /// When programs may try again.
    pub retry_after_seconds: u32,
}

/// Staff changed the settings: all of them, and how often they were changed so far. A smaller version is an older one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsChanged {
    /// Grows by one with each change.
    pub version: i64,
    /// All of them.
    pub settings: ShopSettings,
}

impl super::Event for SettingsChanged {
    const TYPE: &'static str = "settings.changed";
    fn subject(&self) -> String {
        "settings:shop".to_owned()
    }
}
