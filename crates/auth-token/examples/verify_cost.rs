//! What it costs to check a token: `cargo run --release -p auth-token --example verify_cost`.
//!
//! Compare with the bare signature, below which nothing can go.

use std::hint::black_box;
use std::time::Instant;

use auth_token::{
    AUDIENCE, Area, Claims, DenyList, Exchange, ISSUER, Jwks, JwksSource, Role, Signer, Verifier,
};
use primitives::{Clock, Random, SessionId, TokenId, UserId};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

const ROUNDS: u32 = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let (clock, random) = (Clock::system(), Random::system());
    let now = clock.now();
    let signer = Signer::generate("one")?;
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: UserId::new(now, &random),
        sid: SessionId::new(now, &random),
        jti: TokenId::new(now, &random),
        role: Role::Customer,
        email: "anna.schmidt@example.com".parse()?,
        email_verified: true,
        name: "Anna Schmidt".to_owned(),
        auth_time: Some(now.unix()),
        amr: vec![auth_token::Method::Password],
        factor_missing: false,
        scope: None,
        iat: now.unix(),
        exp: now.unix() + 600,
    };
    let token = signer.sign(&claims)?;
    let source = JwksSource::fixed(Jwks {
        keys: vec![signer.jwk().clone()],
    });
    let verifier = Verifier::new(source, DenyList::default(), clock);
    let exchanged = token.clone();
    let exchange = Exchange::local(move |_| std::future::ready(Ok(exchanged.clone())));
    verifier.admit_programs(Area::Orders, exchange);

    println!("a token of {} bytes, {ROUNDS} rounds each", token.len());
    bare_signature(token.as_bytes())?;
    for (what, token) in [
        ("an access token", token.as_str()),
        ("an API key, exchanged before", "mk_example"),
    ] {
        let _ = verifier.verify(token).await?;
        let started = Instant::now();
        for _ in 0..ROUNDS {
            let _ = black_box(verifier.verify(black_box(token)).await?);
        }
        report(what, started);
    }
    Ok(())
}

fn bare_signature(message: &[u8]) -> anyhow::Result<()> {
    let seed: [u8; 32] = Random::system().bytes();
    let pair =
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow::anyhow!("not a key"))?;
    let signature = pair.sign(message);
    let key = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let good = key.verify(black_box(message), signature.as_ref()).is_ok();
        anyhow::ensure!(good, "the signature is good");
    }
    report("the bare signature", started);
    Ok(())
}

fn report(what: &str, started: Instant) {
    let nanos = started.elapsed().as_nanos() / u128::from(ROUNDS);
    let rate = 1_000_000_000 / nanos.max(1);
    println!("{what:<32} {nanos:>8} ns  {rate:>8} a second");
}
