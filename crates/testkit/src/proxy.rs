//! A TCP proxy that breaks connections on demand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// What the proxy does to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes pass.
    Pass,
    /// New connections are reset at once, and those that exist are cut.
    Refuse,
    /// Connections are accepted and kept, but no byte passes in either direction.
    Stall,
}

#[derive(Debug, Clone, Copy)]
struct State {
    fault: Fault,
    /// Connections begun before this number of cuts are dead.
    cuts: u64,
}

/// Stands between a client and a server on loopback.
#[derive(Debug)]
pub struct TcpProxy {
    addr: SocketAddr,
    state: watch::Sender<State>,
    open: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    _stop: oneshot::Sender<()>,
}

impl TcpProxy {
    /// Listens on a free port and passes connections on to `target` (`host:port`).
    ///
    /// # Panics
    /// If no port can be bound.
    pub async fn start(target: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound address");
        let (state, watching) = watch::channel(State {
            fault: Fault::Pass,
            cuts: 0,
        });
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (open, accepted) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let bytes = Arc::<AtomicUsize>::default();
        let (target, counts) = (target.into(), (Arc::clone(&open), Arc::clone(&accepted)));
        let passed = Arc::clone(&bytes);
        tokio::spawn(async move {
            loop {
                let client = tokio::select! {
                    client = listener.accept() => client,
                    _ = &mut stopped => return,
                };
                let Ok((client, _)) = client else { continue };
                counts.1.fetch_add(1, Ordering::SeqCst);
                let (target, watching, open) =
                    (target.clone(), watching.clone(), Arc::clone(&counts.0));
                let passed = Arc::clone(&passed);
                tokio::spawn(async move {
                    open.fetch_add(1, Ordering::SeqCst);
                    pass(client, &target, watching, &passed).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            addr,
            state,
            open,
            accepted,
            bytes,
            _stop: stop,
        }
    }

    /// Where clients connect to.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Changes what happens to connections from now on.
    pub fn set(&self, fault: Fault) {
        self.state.send_modify(|state| {
            state.fault = fault;
            state.cuts += u64::from(fault == Fault::Refuse);
        });
    }

    /// Resets every connection that exists now; later ones are not touched.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// How many connections are open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// How many connections were ever accepted, the refused ones among them.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// How many bytes have passed, in both directions together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }
}

async fn pass(
    client: TcpStream,
    target: &str,
    mut watching: watch::Receiver<State>,
    passed: &AtomicUsize,
) {
    let begun = *watching.borrow_and_update();
    // A reset, not an orderly end: what a crashed peer looks like.
    let _ = client.set_zero_linger();
    if begun.fault == Fault::Refuse {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (
        server.set_zero_linger(),
        server.set_nodelay(true),
        client.set_nodelay(true),
    );
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let both = async {
        tokio::join!(
            copy(&mut from_client, &mut to_server, watching.clone(), passed),
            copy(&mut from_server, &mut to_client, watching.clone(), passed),
        )
    };
    let mut cuts = watching.clone();
    tokio::select! {
        _ = both => {}
        _ = cuts.wait_for(|state| state.cuts > begun.cuts) => {}
    }
    // Bytes on their way in an orderly end must not be lost to the reset.
    if watching.borrow().cuts == begun.cuts {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn copy(
    from: &mut tokio::net::tcp::OwnedReadHalf,
    to: &mut tokio::net::tcp::OwnedWriteHalf,
    mut watching: watch::Receiver<State>,
    passed: &AtomicUsize,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        // When the proxy is gone, nobody can stall it any more.
        let _ = watching.wait_for(|state| state.fault != Fault::Stall).await;
        if length == 0 || to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
        passed.fetch_add(length, Ordering::SeqCst);
    }
    let _ = to.shutdown().await;
}
