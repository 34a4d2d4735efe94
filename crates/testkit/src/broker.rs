//! RabbitMQ for tests: a virtual host of its own on the shared broker, or a whole private broker that may be killed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::env;

/// A virtual host that exists for one test. Dropping it deletes it.
#[derive(Debug)]
pub struct Vhost {
    name: String,
    amqp_url: String,
    management: Management,
}

/// A private broker. Dropping it kills it and removes its folder.
#[derive(Debug)]
pub struct Broker {
    node: Option<devstack::rabbitmq::Broker>,
    folder: PathBuf,
}

/// A message as the management API shows it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The body, as text.
    pub body: String,
    /// The properties, with `headers` among them.
    pub properties: Value,
}

impl Message {
    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.properties["headers"][name]
            .as_str()
            .unwrap_or_default()
    }
}

impl Vhost {
    /// Makes one on the broker that `AMQP_URL` and `RABBITMQ_MANAGEMENT_URL` name.
    pub async fn create() -> Result<Self> {
        Self::on(&env::var("AMQP_URL"), &env::var("RABBITMQ_MANAGEMENT_URL")).await
    }

    /// Makes one on this broker, for the user of its management URL.
    pub async fn on(amqp_url: &str, management_url: &str) -> Result<Self> {
        let management = Management::new(management_url)?;
        let name = format!("test-{}", uuid::Uuid::new_v4());
        management
            .call(Method::PUT, &format!("vhosts/{name}"), None)
            .await?;
        let mut user = reqwest::Url::parse(amqp_url)?;
        let permissions = json!({"configure": ".*", "write": ".*", "read": ".*"});
        management
            .call(
                Method::PUT,
                &format!("permissions/{name}/{}", user.username()),
                Some(permissions),
            )
            .await?;
        user.set_path(&name);
        Ok(Self {
            name,
            amqp_url: user.to_string(),
            management,
        })
    }

    /// `amqp://user:password@host:port/vhost`
    pub fn amqp_url(&self) -> &str {
        &self.amqp_url
    }

    /// The messages that wait in a queue, which stay there.
    pub async fn peek(&self, queue: &str) -> Result<Vec<Message>> {
        let body = json!({"count": 100_000, "ackmode": "ack_requeue_true", "encoding": "auto"});
        let messages = self
            .management
            .call(
                Method::POST,
                &format!("queues/{}/{queue}/get", self.name),
                Some(body),
            )
            .await?;
        let messages = messages.as_array().cloned().unwrap_or_default();
        Ok(messages
            .into_iter()
            .map(|m| Message {
                body: m["payload"].as_str().unwrap_or_default().to_owned(),
                properties: m["properties"].clone(),
            })
            .collect())
    }

    /// Publishes a message; whether any queue took it.
    pub async fn publish(
        &self,
        exchange: &str,
        routing_key: &str,
        headers: Value,
        body: &str,
    ) -> Result<bool> {
        let exchange = if exchange.is_empty() {
            "amq.default"
        } else {
            exchange
        };
        let message = json!({
            "routing_key": routing_key, "payload": body, "payload_encoding": "string",
            "properties": {"delivery_mode": 2, "headers": headers},
        });
        let answer = self
            .management
            .call(
                Method::POST,
                &format!("exchanges/{}/{exchange}/publish", self.name),
                Some(message),
            )
            .await?;
        Ok(answer["routed"] == json!(true))
    }

    /// Declares a durable queue.
    pub async fn declare_queue(&self, queue: &str, arguments: Value) -> Result<()> {
        let body = json!({"durable": true, "auto_delete": false, "arguments": arguments});
        self.management
            .call(
                Method::PUT,
                &format!("queues/{}/{queue}", self.name),
                Some(body),
            )
            .await?;
        Ok(())
    }

    /// Deletes a queue with what is in it.
    pub async fn delete_queue(&self, queue: &str) -> Result<()> {
        self.management
            .call(
                Method::DELETE,
                &format!("queues/{}/{queue}", self.name),
                None,
            )
            .await?;
        Ok(())
    }

    /// The queues, exchanges and bindings that exist, as in a definitions file.
    pub async fn definitions(&self) -> Result<Value> {
        self.management
            .call(Method::GET, &format!("definitions/{}", self.name), None)
            .await
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let (base, path) = (
            self.management.base.clone(),
            format!("vhosts/{}", self.name),
        );
        // A thread, a runtime and a client of its own: the test's runtime is blocked here, and with it the connections that it drives.
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                Management::new(&base)?
                    .call(Method::DELETE, &path, None)
                    .await
            })
        })
        .join();
    }
}

impl Broker {
    /// Starts one and waits until it is ready (5 to 15 seconds).
    pub async fn start() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("mercato-broker-{}", uuid::Uuid::new_v4()));
        let mut broker = Self {
            node: None,
            folder: folder.clone(),
        };
        broker.node = Some(
            tokio::task::spawn_blocking(move || devstack::rabbitmq::Broker::start(&folder))
                .await??,
        );
        Ok(broker)
    }

    /// A virtual host on it.
    pub async fn vhost(&self) -> Result<Vhost> {
        let node = self.node.as_ref().context("the broker never started")?;
        Vhost::on(&node.amqp_url, &node.management_url).await
    }

    /// See [`devstack::rabbitmq::Broker::has_on_disk`].
    pub fn has_on_disk(&self, vhost: &Vhost, queue: &str) -> bool {
        let node = self.node.as_ref();
        node.is_some_and(|node| node.has_on_disk(&vhost.name, queue))
    }

    /// Kills it like a power cut and starts it again with what it had stored.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        let mut node = self.node.take().context("the broker never started")?;
        let (node, result) = tokio::task::spawn_blocking(move || {
            let result = node.kill().and_then(|()| node.start_again());
            (node, result)
        })
        .await?;
        self.node = Some(node);
        result
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.node = None;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The management API.
#[derive(Debug)]
struct Management {
    client: Client,
    base: String,
}

impl Management {
    fn new(url: &str) -> Result<Self> {
        // Another crate of the process may have done it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            client: Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(30))
                .build()?,
            base: url.trim_end_matches('/').to_owned(),
        })
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}/api/{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        anyhow::ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}
