//! The running stack: what `cargo xtask status --json` says about it.

use serde_json::Value;

/// The status of the stack that these tests run against.
pub(crate) struct Stack(Value);

impl Stack {
    /// Reads the file that `MERCATO_STATUS` names.
    pub(crate) fn running() -> Self {
        let path = testkit::env::var("MERCATO_STATUS");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
        Self(serde_json::from_str(&text).expect("the status is JSON"))
    }

    /// Anything in the status.
    pub(crate) fn value(&self, pointer: &str) -> &Value {
        self.0
            .pointer(pointer)
            .unwrap_or_else(|| panic!("the status has no {pointer}"))
    }

    /// A text anywhere in the status, such as `/base_url`.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("the status has no {pointer}"))
    }

    /// `http://127.0.0.1:8080`
    pub(crate) fn base_url(&self) -> &str {
        self.text("/base_url").trim_end_matches('/')
    }
}

/// A database as the administrator of the cluster: of the running stack, or else of the cluster of `DATABASE_URL`.
pub(crate) fn database_url(name: &str) -> String {
    if testkit::env::optional("MERCATO_STATUS").is_some() {
        // The stack has no entry for PostgreSQL's own databases, which are on the same server.
        let known = if name.ends_with("_db") {
            name
        } else {
            "auth_db"
        };
        return with_database(
            Stack::running().text(&format!("/databases/{known}/url")),
            name,
        );
    }
    with_database(&testkit::env::var("DATABASE_URL"), name)
}

fn with_database(url: &str, name: &str) -> String {
    let base = url.split('?').next().unwrap_or(url);
    let (server, _) = base.rsplit_once('/').expect("a database URL");
    format!("{server}/{name}")
}

/// A client that does not follow redirects and knows the stack's certificate only as "some certificate".
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .danger_accept_invalid_certs(true)
        .timeout(std::time::Duration::from_secs(20))
        .build()
        .expect("a client")
}
