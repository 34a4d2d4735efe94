//! The order service in this process on a database that is there, with a product service that has everything.

use anyhow::Context as _;
use auth_token::{Claims, DenyList, GeneratedKey, Jwks, JwksSource, Role, Signer, Verifier};
use axum::Router;
use axum::routing::post;
use clap::Parser;
use contracts::internal::reservations::{Reservation, ReserveRequest, ReservedLine};
use contracts::internal::variants::{LookupRequest, LookupResponse, VariantSnapshot};
use http_kit::{Error, Result};
use order::{AppState, Settings};
use primitives::{Clock, Random, SessionId, Timestamp, TokenId, UserId, VariantId};
use serde_json::json;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// The service, and the keys that it believes.
pub(crate) struct Service {
    pub(crate) url: String,
    signer: Signer,
}

impl Service {
    /// Serves until the process ends.
    pub(crate) async fn start(database: &str, connections: u32) -> anyhow::Result<Self> {
        // Statements are counted.
        runtime::telemetry::init_for_tests();
        let (clock, random) = (Clock::system(), Random::system());
        let own = GeneratedKey::generate()?;
        let jwks = Jwks {
            keys: vec![own.jwk("order")?],
        };
        let signer = Signer::generate("bench")?;
        let source = JwksSource::fixed(Jwks {
            keys: vec![signer.jwk().clone()],
        });
        let verifier = Verifier::new(source, DenyList::default(), clock.clone());
        let arguments = [
            ("--internal-addr", "127.0.0.1:0".to_owned()),
            ("--database-url", database.to_owned()),
            ("--database-max-connections", connections.to_string()),
            ("--redis-url", "redis://127.0.0.1:1".to_owned()),
            ("--amqp-url", "amqp://127.0.0.1:1".to_owned()),
            (
                "--service-key",
                secrecy::ExposeSecret::expose_secret(&own.base64()).to_owned(),
            ),
            ("--service-jwks", serde_json::to_string(&jwks)?),
            ("--product-internal-url", serve(product()).await?),
            ("--stripe-secret-key", "sk_test_bench".to_owned()),
            ("--stripe-publishable-key", "pk_test_bench".to_owned()),
            ("--stripe-webhook-secret", "whsec_bench".to_owned()),
        ];
        let flat = arguments
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]);
        let mut settings =
            Cli::parse_from(std::iter::once("order".to_owned()).chain(flat)).settings;
        settings.common.server_timing = true;
        let app = AppState::with_verifier(&settings, clock, random, verifier)?;
        let listeners = order::listeners(app, &settings);
        let url = serve(listeners.public.context("no public router")?).await?;
        Ok(Self { url, signer })
    }

    /// An access token.
    pub(crate) fn token(&self, user: UserId, role: Role) -> anyhow::Result<String> {
        let (clock, random) = (Clock::system(), Random::system());
        let now = clock.now();
        self.signer.sign(&Claims {
            iss: auth_token::ISSUER.to_owned(),
            aud: auth_token::AUDIENCE.to_owned(),
            sub: user,
            sid: SessionId::new(now, &random),
            jti: TokenId::new(now, &random),
            role,
            email: format!("{}@example.com", user.uuid().simple()).parse()?,
            email_verified: true,
            name: "Somebody".to_owned(),
            auth_time: Some(now.unix()),
            amr: vec![],
            factor_missing: false,
            scope: None,
            iat: now.unix(),
            exp: now.unix() + 86_400,
        })
    }
}

async fn serve(router: Router) -> anyhow::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// Has any variant there is, as many as wanted.
fn product() -> Router {
    Router::new()
        .route("/internal/variants/lookup", post(lookup))
        .route("/internal/reservations", post(reserve))
}

async fn lookup(
    axum::Json(request): axum::Json<LookupRequest>,
) -> Result<axum::Json<LookupResponse>> {
    let variants = request.variant_ids.into_iter().map(variant);
    Ok(axum::Json(LookupResponse {
        variants: variants.collect::<Result<_>>()?,
    }))
}

async fn reserve(
    axum::Json(request): axum::Json<ReserveRequest>,
) -> Result<axum::Json<Reservation>> {
    let lines = request.lines.into_iter().map(|line| {
        Ok(ReservedLine {
            quantity: line.quantity,
            owed: 0,
            variant: variant(line.variant_id)?,
        })
    });
    Ok(axum::Json(Reservation {
        order_id: request.order_id,
        expires_at: Timestamp::from_unix(4_000_000_000),
        lines: lines.collect::<Result<_>>()?,
    }))
}

fn variant(id: VariantId) -> Result<VariantSnapshot> {
    let text = id.to_string();
    serde_json::from_value(json!({
        "variant_id": id, "product_id": id, "seller_id": id, "sku": format!("SKU-{}", text.get(24..).unwrap_or_default()), "title": "Thing", "slug": "thing",
        "options": {"size": "M"}, "price": {"amount": 1999, "currency": "EUR"}, "available": 1_000_000, "active": true, "tax_class": "standard",
    }))
    .map_err(Error::internal)
}
