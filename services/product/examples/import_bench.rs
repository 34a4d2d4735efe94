//! Imports generated rows into an empty database and says how fast that was, and how much memory it took.
//!
//! ```sh
//! set -a; . ./.env; set +a     # DATABASE_URL: a server on which databases may be made
//! cargo run --release --example import_bench -- 100000
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

use auth_token::{
    AUDIENCE, Claims, DenyList, GeneratedKey, ISSUER, Jwks, JwksSource, Role, Signer, Verifier,
};
use clap::Parser as _;
use primitives::{Clock, Random, SessionId, TokenId, UserId};
use product::{App, MIGRATOR, Settings};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use testkit::pg::TestDb;

#[derive(Debug, clap::Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

/// Variants of each product.
const VARIANTS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let rows: usize = std::env::args()
        .nth(1)
        .map_or(Ok(100_000), |rows| rows.parse())?;
    tokio::runtime::Runtime::new()?.block_on(run(rows))
}

async fn run(rows: usize) -> Result<(), Box<dyn Error>> {
    let db = TestDb::new("product", &MIGRATOR).await;
    let key = GeneratedKey::generate()?;
    let jwks = serde_json::to_string(&Jwks {
        keys: vec![key.jwk("product")?],
    })?;
    let (url, key) = (db.url(), key.base64());
    let cli = Cli::try_parse_from([
        "import_bench",
        "--internal-addr",
        "127.0.0.1:0",
        "--product-database-url",
        &url,
        "--redis-url",
        "redis://unused",
        "--amqp-url",
        "amqp://unused",
        "--service-key",
        key.expose_secret(),
        "--service-jwks",
        &jwks,
        "--import-max-rows",
        "2000000",
        "--import-max-bytes",
        "1000000000",
    ])?;
    let (clock, random) = (Clock::system(), Random::system());
    let signer = Signer::generate("bench")?;
    let keys = JwksSource::fixed(Jwks {
        keys: vec![signer.jwk().clone()],
    });
    let verifier = Verifier::new(keys, DenyList::default(), clock.clone());
    let app = App::build(&cli.settings, verifier, clock.clone(), random.clone())?;
    let served = testkit::serve(app.listeners().public.ok_or("no public listener")?).await;
    let now = clock.now();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: UserId::new(now, &random),
        sid: SessionId::new(now, &random),
        jti: TokenId::new(now, &random),
        role: Role::Admin,
        email: "admin@example.com".parse()?,
        email_verified: true,
        name: "Admin".to_owned(),
        auth_time: Some(now.unix()),
        amr: vec![],
        factor_missing: false,
        scope: None,
        iat: now.unix(),
        exp: now.unix() + 36_000,
    };
    let client = served.client().with_bearer(&signer.sign(&claims)?);
    let file = bytes::Bytes::from(file(rows));
    println!(
        "{} MiB before, {} of them the file",
        peak()?,
        file.len() / 1024 / 1024
    );
    for round in ["new", "the same again"] {
        let started = Instant::now();
        let answer = client
            .post("/api/products/import")
            .header("content-type", "text/csv")
            .body(file.clone())
            .send()
            .await
            .expect(202)
            .value();
        let (uploaded, import) = (
            started.elapsed(),
            answer["id"].as_str().unwrap_or_default().to_owned(),
        );
        println!(
            "{round}: {rows} rows received in {uploaded:.1?}; {} MiB at most",
            peak()?
        );
        let started = Instant::now();
        app.apply_imports().await?;
        let applied = started.elapsed();
        let import: Value = client
            .get(&format!("/api/products/imports/{import}"))
            .send()
            .await
            .expect(200)
            .value();
        println!(
            "{round}: applied in {applied:.1?}, {:.0} rows a second; {} created, {} unchanged, {} failed; {} MiB at most",
            rows as f64 / applied.as_secs_f64(),
            import["created"],
            import["unchanged"],
            import["failed"],
            peak()?
        );
    }
    let started = Instant::now();
    let bytes = client
        .get("/api/products/export")
        .send()
        .await
        .expect(200)
        .body
        .len();
    println!(
        "export: {bytes} bytes in {:.1?}; {} MiB at most, this client's copy of the file included",
        started.elapsed(),
        peak()?
    );
    Ok(())
}

/// Products of four variants each.
fn file(rows: usize) -> String {
    let mut text = "handle,title,description,status,attribute:colour,option1_name,option1_value,sku,price,stock,weight_grams\n".to_owned();
    let description = "Made with care; washable at 40 degrees. ".repeat(5);
    for row in 0..rows {
        let (product, variant) = (row / VARIANTS, row % VARIANTS);
        let said = match variant {
            0 => format!("Product {product},{description},active,red,Size"),
            _ => ",,,,".to_owned(),
        };
        let price = 10 + product % 90;
        let _ = writeln!(
            text,
            "product-{product},{said},{variant},SKU-{row},{price}.99,{},250",
            row % 50
        );
    }
    text
}

/// The most memory that this process ever had, in MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>()? / 1024)
}
