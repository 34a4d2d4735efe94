//! Guests' carts, in Redis: a hash for each, under the SHA-256 of its token, kept for 30 days after its last use.
//!
//! Every operation is one script, so concurrent changes cannot lose each other. A cart is `sealed` when it is about to move to the database
//! (`workflows::cart::home`): from then on nothing changes it here, and whoever meets it finishes the move. Keys have a common part in braces,
//! so that a Redis Cluster keeps them in one place, as scripts need.

mod parse;

pub(crate) use parse::added_at;

use std::time::Duration;

use primitives::{CartId, CartItemId, Clock, Currency, ProductId, Quantity, Timestamp, VariantId};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{RedisError, Script, ScriptInvocation};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::CartSettings;
use crate::store::cart_items::CartItem;
use crate::store::carts::Cart;

/// How long Redis may take. It usually needs a thousandth of it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long an Idempotency-Key of an addition is remembered, as other keys are.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// How long a replica has for what it claimed to tell of.
const LEASE: Duration = Duration::from_secs(60);

/// The carts.
pub(crate) struct GuestCarts {
    redis: ConnectionManager,
    prefix: String,
    kept: Duration,
    clock: Clock,
    script: Script,
    claim: Script,
    finish: Script,
}

/// A guest's cart as it is.
#[derive(Debug, Clone)]
pub(crate) struct GuestCart {
    pub(crate) cart: Cart,
    pub(crate) items: Vec<CartItem>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What is put in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addition<'a> {
    pub(crate) item: CartItemId,
    pub(crate) product: ProductId,
    pub(crate) variant: VariantId,
    pub(crate) quantity: Quantity,
    pub(crate) price: i64,
    pub(crate) most_lines: usize,
    /// The client's key and the request's hash.
    pub(crate) once: Option<(&'a str, [u8; 32])>,
}

/// What came of an operation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Done.
    Done(GuestCart),
    /// It was done before, with the same Idempotency-Key: nothing has changed.
    Repeated(GuestCart),
    /// There is no such cart.
    Gone,
    /// It is on its way to the database, as it is.
    Sealed(GuestCart),
    /// A line would have too many units.
    TooMany,
    /// There would be too many lines.
    Full,
    /// There is no such line.
    NoLine,
    /// The Idempotency-Key was used for another request.
    KeyReused,
}

/// Which news of carts is not told yet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News {
    /// Carts that changed.
    Untold,
    /// Carts that may be abandoned, by their last change.
    Idle,
}

/// A cart that this replica tells of.
#[derive(Debug)]
pub(crate) struct Claimed {
    key: String,
    lease: u64,
    /// None if there is nothing left of it.
    pub(crate) cart: Option<GuestCart>,
}

impl GuestCarts {
    /// Connects when it is first used.
    pub(crate) fn new(
        settings: &CartSettings,
        redis_url: &SecretString,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let client = redis::Client::open(redis_url.expose_secret())?;
        Ok(Self {
            redis: ConnectionManager::new_lazy_with_config(client, config)?,
            prefix: settings.guest_cart_prefix.clone(),
            kept: settings.guest_cart_life(),
            clock,
            script: Script::new(include_str!("cart.lua")),
            claim: Script::new(include_str!("claim.lua")),
            finish: Script::new(include_str!("finish.lua")),
        })
    }

    /// The cart, kept for another 30 days. [`Outcome::Done`], [`Outcome::Sealed`] or [`Outcome::Gone`].
    pub(crate) async fn open(&self, token_hash: &[u8]) -> http_kit::Result<Outcome> {
        let key = self.key(token_hash);
        let call = self.prepare(&key, "open");
        // Reading twice does no harm, and the first call after Redis was away only finds out that it was.
        match self.ask(&call).await {
            Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                self.answer(&call).await
            }
            other => parse::outcome(other.map_err(http_kit::Error::unavailable)?),
        }
    }

    /// Makes a cart with its first line.
    pub(crate) async fn begin(
        &self,
        token_hash: &[u8],
        id: CartId,
        currency: Currency,
        addition: Addition<'_>,
    ) -> http_kit::Result<Outcome> {
        let key = self.key(token_hash);
        let mut call = self.prepare(&key, "begin");
        call.arg(id.to_string()).arg(currency.code());
        add_arguments(&mut call, &addition);
        self.answer(&call).await
    }

    /// Puts units of a variant into a cart.
    pub(crate) async fn add(
        &self,
        token_hash: &[u8],
        addition: Addition<'_>,
    ) -> http_kit::Result<Outcome> {
        let key = self.key(token_hash);
        let mut call = self.prepare(&key, "add");
        if let Some((once, _)) = addition.once {
            call.key(used_key(&key, once));
        }
        add_arguments(&mut call, &addition);
        self.answer(&call).await
    }

    /// Whether the key was used to add to the cart, which may have moved since.
    pub(crate) async fn was_added(
        &self,
        token_hash: &[u8],
        key: &str,
    ) -> http_kit::Result<Option<Vec<u8>>> {
        let mut redis = self.redis.clone();
        redis::cmd("GET")
            .arg(used_key(&self.key(token_hash), key))
            .query_async::<Option<String>>(&mut redis)
            .await
            .map_err(http_kit::Error::unavailable)?
            .map(|hash| parse::bytes(&hash))
            .transpose()
    }

    /// Sets a line's units, or takes it out.
    pub(crate) async fn set(
        &self,
        token_hash: &[u8],
        line: &CartItem,
        quantity: Option<Quantity>,
    ) -> http_kit::Result<Outcome> {
        let key = self.key(token_hash);
        let mut call = self.prepare(&key, "set");
        call.arg(line.variant_id.to_string())
            .arg(line.id.to_string())
            .arg(quantity.map_or(0, Quantity::get));
        self.answer(&call).await
    }

    /// Takes everything out.
    pub(crate) async fn clear(&self, token_hash: &[u8]) -> http_kit::Result<Outcome> {
        self.answer(&self.prepare(&self.key(token_hash), "clear"))
            .await
    }

    /// Puts a coupon on, or takes it off.
    pub(crate) async fn set_coupon(
        &self,
        token_hash: &[u8],
        code: Option<&str>,
    ) -> http_kit::Result<Outcome> {
        let key = self.key(token_hash);
        let mut call = self.prepare(&key, "coupon");
        call.arg(code.unwrap_or(""));
        self.answer(&call).await
    }

    /// Keeps the prices that the customer has seen.
    pub(crate) async fn set_seen(
        &self,
        token_hash: &[u8],
        prices: &[(VariantId, i64)],
    ) -> http_kit::Result<Outcome> {
        let key = self.key(token_hash);
        let mut call = self.prepare(&key, "seen");
        for (variant, price) in prices {
            call.arg(variant.to_string()).arg(*price);
        }
        self.answer(&call).await
    }

    /// Closes the cart for changes. [`Outcome::Done`] for who sealed it first, else [`Outcome::Sealed`], both with what is in it.
    pub(crate) async fn seal(&self, token_hash: &[u8]) -> http_kit::Result<Outcome> {
        self.answer(&self.prepare(&self.key(token_hash), "seal"))
            .await
    }

    /// Forgets a cart that the database has.
    pub(crate) async fn remove(&self, token_hash: &[u8]) -> Result<(), RedisError> {
        let key = self.key(token_hash);
        let mut redis = self.redis.clone();
        redis::pipe()
            .atomic()
            .del(&key)
            .zrem(self.index(News::Untold), &key)
            .zrem(self.index(News::Idle), &key)
            .query_async(&mut redis)
            .await
    }

    /// Takes on carts whose news is from `before` or older, so that no other replica does for a while.
    pub(crate) async fn claim(
        &self,
        news: News,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<Claimed>, RedisError> {
        let lease = (self.clock.now() + LEASE).unix_millis();
        let mut redis = self.redis.clone();
        let keys: Vec<String> = self
            .claim
            .key(self.index(news))
            .arg(before.unix_millis())
            .arg(lease)
            .arg(limit)
            .invoke_async(&mut redis)
            .await?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for key in &keys {
            pipe.hgetall(key);
        }
        let found: Vec<Vec<String>> = pipe.query_async(&mut redis).await?;
        let claimed = keys.into_iter().zip(found).map(|(key, fields)| Claimed {
            cart: parse::cart(&fields).ok(),
            key,
            lease,
        });
        Ok(claimed.collect())
    }

    /// Their news is told; what changed in the meantime stays.
    pub(crate) async fn told(&self, news: News, carts: &[Claimed]) -> Result<(), RedisError> {
        let mut redis = self.redis.clone();
        let mut call = self.finish.key(self.index(news));
        for cart in carts {
            call.arg(&cart.key).arg(cart.lease);
        }
        call.invoke_async(&mut redis).await
    }

    fn prepare(&self, key: &str, operation: &str) -> ScriptInvocation<'_> {
        let mut call = self.script.prepare_invoke();
        call.key(key)
            .key(self.index(News::Untold))
            .key(self.index(News::Idle))
            .arg(operation)
            .arg(self.clock.now().unix_millis())
            .arg(millis(self.kept));
        call
    }

    async fn ask(&self, call: &ScriptInvocation<'_>) -> Result<Vec<String>, RedisError> {
        let mut redis = self.redis.clone();
        match tokio::time::timeout(2 * PATIENCE, call.invoke_async(&mut redis)).await {
            Ok(answer) => answer,
            Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        }
    }

    async fn answer(&self, call: &ScriptInvocation<'_>) -> http_kit::Result<Outcome> {
        parse::outcome(self.ask(call).await.map_err(http_kit::Error::unavailable)?)
    }

    fn key(&self, token_hash: &[u8]) -> String {
        format!("{{{}}}:cart:{}", self.prefix, parse::hex(token_hash))
    }

    fn index(&self, news: News) -> String {
        let name = match news {
            News::Untold => "untold",
            News::Idle => "idle",
        };
        format!("{{{}}}:{name}", self.prefix)
    }
}

fn used_key(cart: &str, once: &str) -> String {
    use sha2::{Digest as _, Sha256};
    format!("{cart}:added:{}", parse::hex(&Sha256::digest(once)))
}

fn add_arguments(call: &mut ScriptInvocation<'_>, addition: &Addition<'_>) {
    call.arg(addition.variant.to_string())
        .arg(addition.product.to_string())
        .arg(addition.item.to_string())
        .arg(addition.quantity.get())
        .arg(addition.price)
        .arg(Quantity::MAX)
        .arg(addition.most_lines);
    if let Some((_, hash)) = addition.once {
        call.arg(parse::hex(&hash)).arg(millis(REMEMBERED));
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
