//! Starting and stopping a stand-in, in a process of its own or inside a test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::journal::Journal;
use crate::settings::Settings;
use crate::webhooks::Sender;
use crate::world::World;

/// How often what changed is written to the state's file.
const SAVE_INTERVAL: Duration = Duration::from_millis(250);

/// A running stand-in. Dropped, it stops without saving.
#[derive(Debug)]
pub struct StandIn {
    addr: SocketAddr,
    app: App,
    journal: Arc<Mutex<Option<Journal>>>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<std::io::Result<()>>,
    background: Vec<JoinHandle<()>>,
}

/// Starts a stand-in.
///
/// # Errors
/// When the address is taken or the state file cannot be read.
pub async fn start(settings: Settings) -> anyhow::Result<StandIn> {
    let (journal, mut world) = match &settings.state {
        Some(file) => {
            let (journal, world) = Journal::open(file)
                .await
                .with_context(|| format!("opening the state in {}", file.display()))?;
            (Some(journal), world)
        }
        None => (None, World::default()),
    };
    let listener = TcpListener::bind(settings.addr)
        .await
        .with_context(|| format!("listening on {}", settings.addr))?;
    let addr = listener.local_addr()?;
    world.pages = match &settings.pages_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => format!("http://{addr}"),
    };
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
    let journal = Arc::new(Mutex::new(journal));
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
        tokio::spawn(save_regularly(app.clone(), journal.clone())),
    ];
    Ok(StandIn {
        addr,
        app,
        journal,
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
        save(&self.app, &self.journal).await
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

async fn save_regularly(app: App, journal: Arc<Mutex<Option<Journal>>>) {
    loop {
        tokio::time::sleep(SAVE_INTERVAL).await;
        if let Err(error) = save(&app, &journal).await {
            tracing::error!(error = format!("{error:#}"), "state not saved");
        }
    }
}

async fn save(app: &App, journal: &Mutex<Option<Journal>>) -> anyhow::Result<()> {
    // Held while the lines are taken too, so that they are written in the order in which they came about.
    let mut journal = journal.lock().await;
    let changes = app.take_changes();
    match &mut *journal {
        Some(journal) if !changes.is_empty() => {
            let path = journal.path().display().to_string();
            journal
                .append(&changes)
                .await
                .with_context(|| format!("writing {path}"))
        }
        _ => Ok(()),
    }
}
