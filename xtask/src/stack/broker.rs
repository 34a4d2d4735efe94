//! The broker's users, with passwords of this machine, in the definitions that all ways of running Mercato share.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use devstack::rabbitmq::password_hash;
use serde_json::Value;

use crate::stack::secrets::Secrets;

/// The definitions with passwords, and who may sign in.
#[derive(Debug)]
pub(crate) struct Definitions {
    pub(crate) json: String,
    /// The passwords by user.
    pub(crate) users: BTreeMap<String, String>,
    /// The user who administers.
    pub(crate) administrator: String,
    /// The virtual host as the end of a URL: empty for `/`.
    pub(crate) vhost: String,
}

impl Definitions {
    /// Reads the shared file and gives every user in it a password.
    pub(crate) fn load(path: &Path, secrets: &Secrets) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the broker's definitions {}", path.display()))?;
        Self::render(&text, |user| secrets.password(&format!("rabbitmq_{user}")))
            .with_context(|| path.display().to_string())
    }

    fn render(text: &str, mut password: impl FnMut(&str) -> Result<String>) -> Result<Self> {
        let mut document: Value = serde_json::from_str(text)?;
        let mut users = BTreeMap::new();
        let mut administrator = None;
        for user in document
            .get_mut("users")
            .and_then(Value::as_array_mut)
            .context("no users")?
        {
            let name = user
                .get("name")
                .and_then(Value::as_str)
                .context("a user without a name")?
                .to_owned();
            let password = password(&name)?;
            let salt = devstack::random::bytes()?;
            user["password_hash"] = password_hash(&password, salt).into();
            user["hashing_algorithm"] = "rabbit_password_hashing_sha256".into();
            let tags = user.get("tags").map(Value::to_string).unwrap_or_default();
            if tags.contains("administrator") && administrator.is_none() {
                administrator = Some(name.clone());
            }
            users.insert(name, password);
        }
        let vhost = document
            .pointer("/vhosts/0/name")
            .and_then(Value::as_str)
            .unwrap_or("/");
        Ok(Self {
            vhost: if vhost == "/" {
                String::new()
            } else {
                format!("/{}", vhost.replace('/', "%2f"))
            },
            json: serde_json::to_string_pretty(&document)?,
            administrator: administrator.context("no user with the tag `administrator`")?,
            users,
        })
    }

    /// A service's user: its own one, else one for all services, else the administrator.
    pub(crate) fn user_of(&self, service: &str) -> (&str, &str) {
        [service, "mercato", self.administrator.as_str()]
            .into_iter()
            .find_map(|name| self.users.get_key_value(name))
            .map_or(("", ""), |(name, password)| {
                (name.as_str(), password.as_str())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_gets_a_password_and_the_rest_stays() {
        let text = r#"{"users":[{"name":"boss","tags":["administrator"]},{"name":"order","tags":""}],"vhosts":[{"name":"shop"}],"queues":[{"name":"q"}]}"#;
        let definitions = Definitions::render(text, |user| Ok(format!("{user}-secret"))).unwrap();
        assert_eq!(definitions.user_of("order"), ("order", "order-secret"));
        assert_eq!(definitions.user_of("product"), ("boss", "boss-secret"));
        assert_eq!(definitions.vhost, "/shop");
        let json: Value = serde_json::from_str(&definitions.json).unwrap();
        assert_eq!(json["queues"][0]["name"], "q");
        assert!(json["users"][1]["password_hash"].is_string());
    }
}
