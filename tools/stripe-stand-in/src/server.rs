//! Starting and stopping a stand-in, in a process of its own or inside a test.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::settings::Settings;
use crate::webhooks::Sender;
use crate::world::World;

/// How often a changed state is written to its file.
const SAVE_INTERVAL: Duration = Duration::from_millis(250);

/// A running stand-in. Dropped, it stops without saving.
#[derive(Debug)]
pub struct StandIn {
    addr: SocketAddr,
    app: App,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<std::io::Result<()>>,
    background: Vec<JoinHandle<()>>,
}

/// Starts a stand-in.
///
/// # Errors
/// When the address is taken or the state file cannot be read.
pub async fn start(settings: Settings) -> anyhow::Result<StandIn> {
    let world = match &settings.state {
        Some(file) if file.exists() => {
            let text = tokio::fs::read(file)
                .await
                .with_context(|| format!("reading {}", file.display()))?;
            serde_json::from_slice(&text)
                .with_context(|| format!("{} is not a saved state", file.display()))?
        }
        _ => World::default(),
    };
    let listener = TcpListener::bind(settings.addr)
        .await
        .with_context(|| format!("listening on {}", settings.addr))?;
    let addr = listener.local_addr()?;
    let (events, receiver) = mpsc::unbounded_channel();
    // What had not been acknowledged before a restart is sent again.
    for event in world
        .events
        .newest_first()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        if event.pending_webhooks > 0 {
            let _ = events.send(event.id.clone());
        }
    }
    let app = App::new(settings, world, events);
    let sender = Sender::new(app.clone())?;
    let router = crate::http::router(app.clone(), sender.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(
        axum::serve(listener, router)
            .with_graceful_shutdown(async {
                let _ = stopped.await;
            })
            .into_future(),
    );
    let background = vec![
        tokio::spawn(sender.run(receiver)),
        tokio::spawn(save_regularly(app.clone())),
    ];
    Ok(StandIn {
        addr,
        app,
        stop: Some(stop),
        server,
        background,
    })
}

impl StandIn {
    /// The base URL: give it to `async-stripe`'s `ClientBuilder::url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    /// Its inside.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Finishes the requests at hand, saves, and ends.
    ///
    /// # Errors
    /// When the state cannot be saved.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // Clients may keep their connections open: they have had their answers.
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.server).await;
        save(&self.app).await
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
        for task in &self.background {
            task.abort();
        }
    }
}

async fn save_regularly(app: App) {
    loop {
        tokio::time::sleep(SAVE_INTERVAL).await;
        if app.take_changed()
            && let Err(error) = save(&app).await
        {
            tracing::error!(error = format!("{error:#}"), "state not saved");
        }
    }
}

async fn save(app: &App) -> anyhow::Result<()> {
    let Some(file) = app.settings().state.clone() else {
        return Ok(());
    };
    let text = app.read(serde_json::to_vec)?;
    write_whole(&file, &text)
        .await
        .with_context(|| format!("writing {}", file.display()))
}

/// Replaces `file` at once, so that a crash leaves the old or the new state.
async fn write_whole(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let draft = file.with_extension("draft");
    tokio::fs::write(&draft, text).await?;
    tokio::fs::rename(&draft, file).await
}
