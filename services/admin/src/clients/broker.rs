//! RabbitMQ's management API: what stands at the broker, and how fast it moves. Messages themselves are looked at by AMQP
//! ([`messaging::dead_letters`]).

use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// A broker that takes longer does not answer.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Asks the broker about itself.
pub(crate) struct Broker {
    http: reqwest::Client,
    url: SecretString,
    /// The virtual host that the services use, as it stands in a path.
    vhost: String,
}

/// The broker does not answer, or not as it should; why is in the log.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the broker's management API does not answer")]
pub(crate) struct Away;

/// All of it at one moment.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) version: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) consumers: Vec<Consumer>,
}

impl Standing {
    /// Its queues in a few numbers.
    pub(crate) fn depths(&self) -> Depths {
        let (dead, live): (Vec<&Queue>, Vec<&Queue>) =
            self.queues.iter().partition(|queue| queue.is_dead());
        let longest = live.iter().max_by_key(|queue| queue.messages);
        Depths {
            queues: live.len(),
            waiting: live.iter().map(|queue| queue.messages).sum(),
            longest: longest
                .filter(|queue| queue.messages > 0)
                .map(|queue| (queue.name.clone(), queue.messages)),
            unread: live
                .iter()
                .filter(|queue| queue.consumers == 0 && queue.messages > 0)
                .filter(|queue| !queue.name.contains(".retry"))
                .count(),
            dead: dead.iter().map(|queue| queue.messages).sum(),
        }
    }
}

/// How many messages lie in the queues.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Depths {
    /// How many queues there are, but for those of dead letters.
    pub(crate) queues: usize,
    /// Messages that wait to be read, or are being read: not dead ones.
    pub(crate) waiting: i64,
    /// The longest queue, unless all are empty.
    pub(crate) longest: Option<(String, i64)>,
    /// Queues with messages and without a reader; not those in which messages wait for their next try, which nobody reads.
    pub(crate) unread: usize,
    /// Messages in dead-letter queues.
    pub(crate) dead: i64,
}

/// A machine of the cluster.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) running: bool,
    /// Publishers are held up because the memory is short …
    #[serde(default)]
    pub(crate) mem_alarm: bool,
    /// … or the disk.
    #[serde(default)]
    pub(crate) disk_free_alarm: bool,
}

/// A queue with its depth and, of the last seconds, how many messages a second came and went.
#[derive(Debug, Deserialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) messages: i64,
    /// Nobody has them yet.
    #[serde(default, rename = "messages_ready")]
    pub(crate) ready: i64,
    /// Given to a reader that has not answered yet.
    #[serde(default, rename = "messages_unacknowledged")]
    pub(crate) unanswered: i64,
    #[serde(default)]
    pub(crate) consumers: i64,
    /// `running`, unless something is wrong.
    #[serde(default)]
    pub(crate) state: Option<String>,
    #[serde(default, rename = "message_stats", deserialize_with = "stats")]
    pub(crate) rates: Rates,
}

impl Queue {
    pub(crate) fn is_dead(&self) -> bool {
        self.name.ends_with(".dead")
    }
}

/// Where publishers send to.
#[derive(Debug, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default, rename = "message_stats", deserialize_with = "stats")]
    pub(crate) rates: Rates,
}

/// Messages a second.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(crate) struct Rates {
    #[serde(rename = "publish_details", alias = "publish_in_details")]
    into: Rate,
    #[serde(rename = "deliver_get_details", alias = "publish_out_details")]
    out: Rate,
    #[serde(rename = "ack_details")]
    ack: Rate,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Rate {
    rate: f64,
}

impl Rates {
    pub(crate) fn arriving(&self) -> f64 {
        self.into.rate
    }

    pub(crate) fn leaving(&self) -> f64 {
        self.out.rate
    }

    /// Answered by readers.
    pub(crate) fn done(&self) -> f64 {
        self.ack.rate
    }
}

/// What never moved has no statistics, which some versions write as an empty list.
fn stats<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rates, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stats {
        Some(Rates),
        None(serde::de::IgnoredAny),
    }
    Ok(match Stats::deserialize(deserializer)? {
        Stats::Some(rates) => rates,
        Stats::None(_) => Rates::default(),
    })
}

/// Somebody who reads a queue.
#[derive(Debug, Deserialize)]
pub(crate) struct Consumer {
    pub(crate) queue: QueueName,
    #[serde(default, rename = "prefetch_count")]
    pub(crate) prefetch: i64,
    /// Of several that may read a queue, one does; the others stand by.
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    activity_status: Option<String>,
    #[serde(default, rename = "channel_details", deserialize_with = "channel")]
    pub(crate) channel: Channel,
}

impl Consumer {
    pub(crate) fn stands_by(&self) -> bool {
        self.active == Some(false) || self.activity_status.as_deref() == Some("waiting")
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct QueueName {
    pub(crate) name: String,
}

/// Through what somebody reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    /// The service's user at the broker.
    pub(crate) user: String,
    pub(crate) peer_host: Option<String>,
    pub(crate) peer_port: Option<i64>,
}

/// A channel that has just gone is an empty list.
fn channel<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Channel, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Details {
        Some(Channel),
        None(serde::de::IgnoredAny),
    }
    Ok(match Details::deserialize(deserializer)? {
        Details::Some(channel) => channel,
        Details::None(_) => Channel::default(),
    })
}

#[derive(Deserialize)]
struct Overview {
    #[serde(default)]
    rabbitmq_version: String,
}

impl Broker {
    /// The virtual host is that of the address by which the services publish.
    pub(crate) fn new(management: &SecretString, amqp: &SecretString) -> anyhow::Result<Self> {
        runtime::install_tls_provider();
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()?;
        let amqp = url::Url::parse(amqp.expose_secret()).context("AMQP_URL is no address")?;
        // `amqp://host` and `amqp://host/` mean the one called `/`; all else stands there as in any path.
        let vhost = match amqp.path().trim_start_matches('/') {
            "" => "%2F",
            name => name,
        };
        Ok(Self {
            http,
            url: management.clone(),
            vhost: vhost.to_owned(),
        })
    }

    /// All that it says of itself. It takes RabbitMQ some 50 ms for 200 queues, which is more than a page may take.
    pub(crate) async fn standing(&self) -> Result<Standing, Away> {
        let vhost = &self.vhost;
        let paths = (
            "overview?columns=rabbitmq_version".to_owned(),
            "nodes?columns=name,running,mem_alarm,disk_free_alarm".to_owned(),
            format!("exchanges/{vhost}?columns=name,type,message_stats"),
            format!(
                "queues/{vhost}?columns=name,messages,messages_ready,messages_unacknowledged,consumers,state,message_stats"
            ),
            format!("consumers/{vhost}"),
        );
        let (overview, nodes, exchanges, queues, consumers) = tokio::try_join!(
            self.get::<Overview>(&paths.0),
            self.get(&paths.1),
            self.get(&paths.2),
            self.get(&paths.3),
            self.get(&paths.4),
        )?;
        Ok(Standing {
            version: overview.rabbitmq_version,
            nodes,
            exchanges,
            queues,
            consumers,
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Away> {
        let base = self.url.expose_secret().trim_end_matches('/');
        let answer = async {
            let response = self.http.get(format!("{base}/api/{path}")).send().await?;
            response.error_for_status()?.json().await
        };
        answer.await.map_err(|error: reqwest::Error| {
            tracing::warn!(error = %error.without_url(), path, "the broker's management API does not answer");
            Away
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_virtual_host_is_the_services_own() {
        let vhost = |amqp: &str| Broker::new(&"http://x".into(), &amqp.into()).map(|it| it.vhost);
        assert_eq!(vhost("amqp://a:b@host:5672").unwrap(), "%2F");
        assert_eq!(vhost("amqp://a:b@host:5672/").unwrap(), "%2F");
        assert_eq!(vhost("amqp://a:b@host/%2f").unwrap(), "%2f");
        assert_eq!(vhost("amqp://a:b@host/shop").unwrap(), "shop");
    }

    #[test]
    fn the_dead_wait_for_no_reader() {
        let queues = r#"[{"name": "a", "messages": 2, "consumers": 1},
            {"name": "b", "messages": 5},
            {"name": "b.retry.1", "messages": 4},
            {"name": "b.dead", "messages": 7}]"#;
        let standing = Standing {
            version: String::new(),
            nodes: vec![],
            exchanges: vec![],
            queues: serde_json::from_str(queues).unwrap(),
            consumers: vec![],
        };
        let expected = Depths {
            queues: 3,
            waiting: 11,
            longest: Some(("b".to_owned(), 5)),
            unread: 1,
            dead: 7,
        };
        assert_eq!(standing.depths(), expected);
    }

    #[test]
    fn what_never_moved_has_no_rates() {
        let queues: Vec<Queue> = serde_json::from_str(
            r#"[{"name": "b", "messages": 2, "message_stats": []},
                {"name": "c", "messages_ready": 1, "message_stats": {"publish": 9, "publish_details": {"rate": 1.5}, "ack_details": {"rate": 0.5}}}]"#,
        )
        .unwrap();
        let rates: Vec<_> = queues.iter().map(|queue| queue.rates.arriving()).collect();
        assert_eq!(rates, [0.0, 1.5]);
        let exchange: Exchange = serde_json::from_str(
            r#"{"name": "mercato.events", "type": "topic", "message_stats": {"publish_in_details": {"rate": 4.0}, "publish_out_details": {"rate": 8.0}}}"#,
        )
        .unwrap();
        let Rates { into, out, .. } = exchange.rates;
        assert_eq!((into.rate, out.rate), (4.0, 8.0));
    }
}
