//! The shop's settings as staff changed them, in every process at once.
//!
//! The admin service owns them, publishes each change with all values (`settings.changed`), and tells them to who asks
//! (`GET /internal/settings`). A process keeps them in memory: it listens first and reads then, so that no change falls between, and
//! reads again whenever the stream of events begins anew. Until it has read, and wherever nobody set anything, what its environment says
//! goes on: a [`Shop`] holds only what staff changed.
//!
//! What never enters this crate: what a setting means. Each service asks for the value where it needs it, each time.

mod closing;
mod follow;

pub use closing::closable;

use std::sync::Arc;

use contracts::events::{SettingsChanged, ShopSettings};
use tokio::sync::watch;

/// What staff set, as this process knows it. Clones share it.
#[derive(Clone, Debug)]
pub struct Shop(Arc<watch::Sender<(i64, Arc<ShopSettings>)>>);

impl Default for Shop {
    /// Nothing is set.
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new((0, Arc::default()))))
    }
}

impl Shop {
    /// What holds now. Cheap: ask each time.
    #[must_use]
    pub fn now(&self) -> Arc<ShopSettings> {
        Arc::clone(&self.0.borrow().1)
    }

    /// How often they were changed, as far as this process knows.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.0.borrow().0
    }

    /// What holds from now on, unless something newer is known.
    pub fn learn(&self, news: SettingsChanged) {
        self.0.send_if_modified(|known| {
            let newer = news.version > known.0;
            if newer {
                *known = (news.version, Arc::new(news.settings));
                tracing::info!(version = known.0, "the shop's settings changed");
            }
            newer
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_is_not_learnt() {
        let shop = Shop::default();
        let named = |version, name: &str| SettingsChanged {
            version,
            settings: ShopSettings {
                shop_name: Some(name.to_owned()),
                ..ShopSettings::default()
            },
        };
        for news in [named(2, "two"), named(1, "one"), named(2, "other")] {
            shop.clone().learn(news);
        }
        assert_eq!(
            (shop.version(), shop.now().shop_name.as_deref()),
            (2, Some("two"))
        );
    }
}
