use std::collections::{BTreeMap, BTreeSet};

use auth_token::Role;
use auth_token::foreign::Algorithm;
use secrecy::SecretString;
use serde::Deserialize;
use url::{Host, Url};

use crate::domain::text::Line;

/// An identity provider and what it is trusted with.
#[derive(Clone, Debug)]
pub(crate) struct ProviderConfig {
    /// Its name in paths.
    pub(crate) id: String,
    /// Its name for people.
    pub(crate) name: String,
    /// As its tokens have it, to the letter.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) scopes: Vec<String>,
    /// Of the access tokens that are accepted as they are; none without them.
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    /// What its app roles are here.
    pub(crate) roles: BTreeMap<String, Role>,
    /// Whether its word is enough that an address belongs to who signs in, even if it does not say so.
    pub(crate) trust_email: bool,
    /// Whether a second factor there counts here.
    pub(crate) trust_mfa: bool,
    /// Whether tokens have Microsoft Entra's claims.
    pub(crate) entra: bool,
}

impl ProviderConfig {
    /// The highest role that its app roles give; `None` if none of them means anything here.
    pub(crate) fn role(&self, given: &[String]) -> Option<Role> {
        let roles = given
            .iter()
            .filter_map(|role| self.roles.get(role).copied());
        roles.max_by_key(|role| rank(*role))
    }

    /// The role after a sign-in. A provider decides about the roles that it can give, and about no other: it takes `admin` away
    /// if it is one that could give it, but leaves a seller a seller if it knows nothing of sellers.
    pub(crate) fn role_after(&self, current: Role, given: &[String]) -> Role {
        let decides = self.roles.values().any(|role| *role == current);
        match self.role(given) {
            Some(role) => role,
            None if decides => Role::Customer,
            None => current,
        }
    }
}

fn rank(role: Role) -> usize {
    Role::ALL
        .iter()
        .position(|known| *known == role)
        .unwrap_or(0)
}

/// One element of `OIDC_PROVIDERS`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProvider {
    id: ProviderId,
    name: Line<100>,
    issuer: Issuer,
    client_id: Line<200>,
    client_secret: Option<SecretString>,
    scopes: Option<Vec<Scope>>,
    audiences: Option<Vec<Line<200>>>,
    algorithms: Option<Vec<Algorithm>>,
    roles: Option<BTreeMap<String, Role>>,
    trust_email: Option<bool>,
    trust_mfa: Option<bool>,
    entra: Option<bool>,
}

/// The providers of `OIDC_PROVIDERS`, a JSON array, or every complaint about it. No complaint shows a value of it, for there are
/// secrets among them.
pub(crate) fn parse(json: &str) -> Result<Vec<ProviderConfig>, Vec<String>> {
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let raw: Vec<RawProvider> = http_kit::from_slice(json.as_bytes()).map_err(|error| {
        if error.fields().is_empty() {
            return vec![format!("OIDC_PROVIDERS: {}", error.detail())];
        }
        let fields = error.fields().iter();
        fields
            .map(|field| format!("OIDC_PROVIDERS: {}: {}", field.field, field.message))
            .collect()
    })?;
    let mut complaints = Vec::new();
    let (mut ids, mut issuers) = (BTreeSet::new(), BTreeSet::new());
    let mut providers = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let mut complain =
            |what: &str| complaints.push(format!("OIDC_PROVIDERS: [{index}].{what}"));
        if !ids.insert(raw.id.0.clone()) {
            complain("id: is that of another provider");
        }
        if !issuers.insert(raw.issuer.0.clone()) {
            complain("issuer: is that of another provider");
        }
        if raw.algorithms.as_ref().is_some_and(Vec::is_empty) {
            complain("algorithms: must name one at least");
        }
        let scopes = raw.scopes.map_or_else(
            || ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            |scopes| scopes.into_iter().map(|scope| scope.0).collect(),
        );
        if !scopes.iter().any(|scope| scope == "openid") {
            complain("scopes: must contain openid");
        }
        let entra = raw.entra.unwrap_or_else(|| raw.issuer.is_microsoft());
        if entra && !raw.issuer.names_one_tenant() {
            complain(
                "issuer: must name one tenant by its id, such as https://login.microsoftonline.com/<tenant id>/v2.0",
            );
        }
        providers.push(ProviderConfig {
            id: raw.id.0,
            name: raw.name.into(),
            issuer: raw.issuer.0,
            client_id: raw.client_id.into(),
            client_secret: raw.client_secret,
            scopes,
            audiences: raw
                .audiences
                .into_iter()
                .flatten()
                .map(String::from)
                .collect(),
            algorithms: raw.algorithms.unwrap_or_else(|| vec![Algorithm::RS256]),
            roles: raw.roles.unwrap_or_default(),
            trust_email: raw.trust_email.unwrap_or(false),
            trust_mfa: raw.trust_mfa.unwrap_or(false),
            entra,
        });
    }
    if complaints.is_empty() {
        Ok(providers)
    } else {
        Err(complaints)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ProviderId(String);

impl TryFrom<String> for ProviderId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(good) {
            Ok(Self(text))
        } else {
            Err("must be 1 to 32 of a-z, 0-9 and -")
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Scope(String);

impl TryFrom<String> for Scope {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let good = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if !text.is_empty() && text.bytes().all(good) {
            Ok(Self(text))
        } else {
            Err("must be one scope without spaces")
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Issuer(String);

impl Issuer {
    fn is_microsoft(&self) -> bool {
        const HOSTS: [&str; 3] = [
            "login.microsoftonline.com",
            "login.microsoftonline.us",
            "login.partner.microsoftonline.cn",
        ];
        Url::parse(&self.0)
            .is_ok_and(|url| url.host_str().is_some_and(|host| HOSTS.contains(&host)))
    }

    /// `common`, `organizations` and `consumers` stand for all tenants, and each of those could say what it likes.
    fn names_one_tenant(&self) -> bool {
        tenant(&self.0).is_some_and(|tenant| uuid::Uuid::try_parse(tenant).is_ok())
            && self.0.ends_with("/v2.0")
    }
}

/// The tenant in the issuer of Entra's tokens.
pub(crate) fn tenant(issuer: &str) -> Option<&str> {
    issuer.split_once("://")?.1.split('/').nth(1)
}

impl TryFrom<String> for Issuer {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text).map_err(|_| "must be a URL")?;
        if !is_protected(&url) {
            return Err("must begin with https://");
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err("must have no query, fragment or user");
        }
        Ok(Self(text))
    }
}

/// Whether nobody on the way can read or change what goes there: TLS, or this machine itself.
pub(crate) fn is_protected(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn minimal() -> Value {
        json!({"id": "entra", "name": "Microsoft", "client_id": "c",
               "issuer": "https://login.microsoftonline.com/8a1ce3f3-5a34-4d2c-a5b2-7cf4a1d1a0ab/v2.0"})
    }

    fn with(changes: &Value) -> Value {
        let mut provider = minimal();
        for (name, value) in changes.as_object().unwrap() {
            provider[name] = value.clone();
        }
        provider
    }

    #[test]
    fn little_needs_to_be_said() {
        let provider = parse(&json!([minimal()]).to_string()).unwrap().remove(0);
        assert!(provider.entra && !provider.trust_email && !provider.trust_mfa);
        assert_eq!(provider.algorithms, [Algorithm::RS256]);
        assert_eq!(provider.scopes, ["openid", "profile", "email"]);
        assert!(provider.audiences.is_empty());
        assert!(parse("").unwrap().is_empty() && parse("[]").unwrap().is_empty());
    }

    #[test]
    fn every_complaint_is_told_at_once_and_no_secret() {
        let bad = json!([with(
            &json!({"id": "Not good", "issuer": "http://login.example", "roles": {"x": "owner"},
            "client_secret": "hunter2", "algorithms": ["HS256"], "surprise": true})
        )]);
        let complaints = parse(&bad.to_string()).unwrap_err();
        for name in ["id", "issuer", "roles", "algorithms", "surprise"] {
            assert!(
                complaints.iter().any(|complaint| complaint.contains(name)),
                "{name}: {complaints:?}"
            );
        }
        assert!(!complaints.concat().contains("hunter2"), "{complaints:?}");
        let twice = parse(&json!([minimal(), minimal()]).to_string()).unwrap_err();
        assert_eq!(twice.len(), 2, "{twice:?}");
        assert_eq!(parse("{").unwrap_err().len(), 1);
    }

    #[test]
    fn microsofts_issuer_must_be_of_one_tenant() {
        for tenant in ["common", "organizations", "consumers", "{tenantid}"] {
            let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
            let complaints =
                parse(&json!([with(&json!({"issuer": issuer}))]).to_string()).unwrap_err();
            assert!(complaints[0].contains("one tenant"), "{complaints:?}");
        }
    }

    #[test]
    fn only_this_machine_may_do_without_tls() {
        for (issuer, good) in [
            ("https://a.example", true),
            ("http://127.0.0.1:1/x", true),
            ("http://[::1]:1", true),
            ("http://localhost:1", true),
            ("http://localhost.evil.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://10.0.0.1", false),
            ("ftp://a.example", false),
            ("https://user@a.example", false),
            ("https://a.example/?x", false),
        ] {
            assert_eq!(
                Issuer::try_from(issuer.to_owned()).is_ok(),
                good,
                "{issuer}"
            );
        }
    }

    #[test]
    fn a_provider_decides_about_the_roles_it_knows() {
        let roles = json!({"roles": {"Shop.Admin": "admin", "Shop.Support": "support"}});
        let provider = parse(&json!([with(&roles)]).to_string()).unwrap().remove(0);
        let after = |current, given: &[&str]| {
            let given: Vec<String> = given.iter().map(|&role| role.to_owned()).collect();
            provider.role_after(current, &given)
        };
        assert_eq!(
            after(Role::Customer, &["Shop.Support", "Shop.Admin", "Other"]),
            Role::Admin
        );
        assert_eq!(after(Role::Admin, &["Shop.Support"]), Role::Support);
        assert_eq!(after(Role::Admin, &["Other"]), Role::Customer);
        assert_eq!(after(Role::Seller, &[]), Role::Seller);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_complained_about(text in ".*") {
            let _ = parse(&text);
        }

        #[test]
        fn an_accepted_issuer_is_protected(text in "(https?|ftp)://(127\\.0\\.0\\.[0-9]|localhost|[a-z]{1,5}\\.[a-z]{2})(:[0-9]{1,4})?(/[a-z]{0,3})?") {
            if let Ok(issuer) = Issuer::try_from(text) {
                prop_assert!(is_protected(&Url::parse(&issuer.0).unwrap()));
            }
        }
    }
}
