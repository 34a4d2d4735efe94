//! Where things are in the shop: the addresses that mails and shared lists lead to.

/// Makes addresses under `PUBLIC_URL`.
#[derive(Debug, Clone)]
pub(crate) struct Links(String);

impl Links {
    pub(crate) fn new(public_url: &str) -> Self {
        Self(public_url.trim_end_matches('/').to_owned())
    }

    /// A product's page.
    pub(crate) fn product(&self, slug: &str) -> String {
        format!("{}/products/{slug}", self.0)
    }

    /// The page of a shared wish list.
    pub(crate) fn shared_wishlist(&self, token: &str) -> String {
        format!("{}/wishlist?token={token}", self.0)
    }

    /// The page on which a person ends mails.
    pub(crate) fn unsubscribe(&self, token: &str) -> String {
        format!("{}/unsubscribe?token={token}", self.0)
    }

    /// What a mail program calls to end them (RFC 8058).
    pub(crate) fn one_click_unsubscribe(&self, token: &str) -> String {
        format!("{}/api/wishlist/unsubscribe?token={token}", self.0)
    }
}
