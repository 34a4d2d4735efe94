//! A private RabbitMQ node with its management plugin.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::packages::Tools;
use crate::process::{Process, Spec};
use crate::user::RunAs;
use crate::{http, ports, wait};

/// What a node needs to know. [`Broker::start`] fills it in for tests.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The port of AMQP.
    pub amqp_port: u16,
    /// The port of the management UI and API.
    pub management_port: u16,
    /// A user who may ask whether the node is ready, and whom the URLs name.
    pub user: String,
    /// That user's password.
    pub password: String,
    /// More lines for `rabbitmq.conf`.
    pub config: String,
    /// The content of a definitions file: users, virtual hosts, exchanges, queues. Without one there is the user `guest`.
    pub definitions: Option<String>,
    /// The names of the plugins.
    pub plugins: Vec<String>,
}

/// A running node. Dropping it kills it; what it stored stays in its folder.
#[derive(Debug)]
pub struct Broker {
    /// `amqp://user:password@127.0.0.1:port`
    pub amqp_url: String,
    /// `http://user:password@127.0.0.1:port`
    pub management_url: String,
    folder: PathBuf,
    settings: Settings,
    server: Spec,
    process: Option<Process>,
    /// Erlang's name server. Ours, because one that the node starts would outlive it.
    name_server: Process,
}

impl Broker {
    /// Starts a node on free ports with the user `guest`, and waits until it is ready (5–15 s). The folder is made if needed.
    pub fn start(folder: &Path) -> Result<Self> {
        let settings = Settings {
            amqp_port: ports::any()?,
            management_port: ports::any()?,
            user: "guest".into(),
            password: "guest".into(),
            config: String::new(),
            definitions: None,
            plugins: vec!["rabbitmq_management".into()],
        };
        let mut broker = Self::launch(
            &Tools::find(None)?,
            &RunAs::detect()?,
            folder,
            &folder.join("rabbitmq.log"),
            settings,
        )?;
        broker.wait_until_ready()?;
        Ok(broker)
    }

    /// Starts a node and does not wait.
    pub fn launch(
        tools: &Tools,
        run_as: &RunAs,
        folder: &Path,
        log: &Path,
        settings: Settings,
    ) -> Result<Self> {
        // The log may lie in the wanted folder, which may have become a link.
        let folder = run_as.folder(folder)?;
        let name_server_port = ports::any()?;
        write_files(&folder, run_as, &settings)?;

        let name_server = Spec::new(
            "epmd",
            &tools.epmd,
            run_as,
            &folder,
            &folder.join("epmd.log"),
        )
        .arg("-port")
        .arg(name_server_port.to_string())
        .arg("-address")
        .arg("127.0.0.1")
        .arg("-relaxed_command_check");
        let name_server = Process::start(tools.with_env(name_server))?;

        let path = |name: &str| folder.join(name).into_os_string();
        let mut server = Spec::new("rabbitmq", &tools.rabbitmq_server, run_as, &folder, log)
            .env("HOME", path(""))
            .env("LC_ALL", "C.UTF-8")
            // The start script then becomes the node instead of staying its parent.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            // An address instead of a name: nothing has to be resolved, whatever /etc/hosts says.
            .env("RABBITMQ_NODENAME", "mercato@127.0.0.1")
            .env("RABBITMQ_USE_LONGNAME", "true")
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", settings.amqp_port.to_string())
            .env("RABBITMQ_DIST_PORT", ports::any()?.to_string())
            .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
            .env("RABBITMQ_LOG_BASE", path("log"))
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins"))
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_PORT", name_server_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            // Idle schedulers sleep at once, nodes talk on loopback only, and nobody starts a second name server.
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+sbwt none -kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
            );
        server.patience = Duration::from_secs(40);
        let server = tools.with_env(server);

        let process = Some(Process::start(server.clone())?);
        let Settings { user, password, .. } = &settings;
        Ok(Self {
            amqp_url: format!("amqp://{user}:{password}@127.0.0.1:{}", settings.amqp_port),
            management_url: format!(
                "http://{user}:{password}@127.0.0.1:{}",
                settings.management_port
            ),
            folder,
            settings,
            server,
            process,
            name_server,
        })
    }

    /// Waits until clients can connect.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        let Settings {
            user,
            password,
            amqp_port,
            management_port,
            ..
        } = &self.settings;
        match &mut self.process {
            Some(process) => wait::until_ready(process, Duration::from_secs(120), || {
                http::listens(*amqp_port)
                    && http::get(
                        *management_port,
                        "/api/health/checks/local-alarms",
                        Some((user, password)),
                    )
                    .is_ok_and(|response| response.status == 200)
            }),
            None => anyhow::bail!("the broker is not running"),
        }
    }

    /// Kills the node like a power cut. The URLs stay valid for [`Self::start_again`].
    pub fn kill(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill(),
            None => Ok(()),
        }
    }

    /// Stops the node in good order (about 6 s).
    pub fn stop(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.stop(),
            None => Ok(()),
        }
    }

    /// Starts the node again with what it had stored, on the same ports, and waits until it is ready.
    pub fn start_again(&mut self) -> Result<()> {
        self.kill()?;
        self.process = Some(Process::start(self.server.clone())?);
        self.wait_until_ready()
    }

    /// The node's process, unless it was stopped or killed.
    pub fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// Whether the registry of quorum queues on disk has this queue. RabbitMQ 3.10 writes it half a second after the declaration was
    /// answered; a queue whose node is killed before that has no leader for ever.
    pub fn has_on_disk(&self, vhost: &str, queue: &str) -> bool {
        let entry = format!("{}_{queue}", vhost.replace('/', "%2F"));
        // <folder>/mnesia/<node>/quorum/<node>/names.dets
        let folders = |path: PathBuf| {
            std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
        };
        folders(self.folder.join("mnesia"))
            .flat_map(|node| folders(node.join("quorum")))
            .filter_map(|node| std::fs::read(node.join("names.dets")).ok())
            .any(|bytes| {
                let names = String::from_utf8_lossy(&bytes);
                // Other queues' names begin with this one and a dot.
                names
                    .match_indices(&entry)
                    .any(|(at, _)| !names[at + entry.len()..].starts_with('.'))
            })
    }

    /// The process ids of the node and of Erlang's name server.
    pub fn pids(&self) -> Vec<u32> {
        self.process
            .iter()
            .map(Process::pid)
            .chain([self.name_server.pid()])
            .collect()
    }
}

/// The hash of a password as a definitions file wants it.
pub fn password_hash(password: &str, salt: [u8; 4]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(salt);
    hasher.update(password.as_bytes());
    let mut salted = salt.to_vec();
    salted.extend_from_slice(&hasher.finalize());
    STANDARD.encode(salted)
}

fn write_files(folder: &Path, run_as: &RunAs, settings: &Settings) -> Result<()> {
    run_as.write_private(
        &folder.join("enabled_plugins"),
        &format!("[{}].\n", settings.plugins.join(",")),
    )?;
    let definitions: PathBuf = folder.join("definitions.json");
    let mut config = settings.config.clone();
    config += &format!(
        "\nlisteners.tcp.1 = 127.0.0.1:{}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {}\n",
        settings.amqp_port, settings.management_port
    );
    if let Some(content) = &settings.definitions {
        run_as.write_private(&definitions, content)?;
        config += &format!("management.load_definitions = {}\n", definitions.display());
    }
    run_as.write_private(&folder.join("rabbitmq.conf"), &config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_hash_is_the_one_of_rabbitmqs_documentation() {
        // https://www.rabbitmq.com/docs/passwords: salt 908D C60A, password "test12".
        assert_eq!(
            password_hash("test12", [0x90, 0x8D, 0xC6, 0x0A]),
            "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
        );
    }
}
