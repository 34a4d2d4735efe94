//! A router on a free port of this process.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub addr: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Served {
    /// `http://127.0.0.1:…`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A client for it.
    #[must_use]
    pub fn client(&self) -> crate::http::Client {
        crate::http::Client::new(self.url())
    }
}

/// Serves a router on a free loopback port.
///
/// # Panics
/// If no port can be bound.
pub async fn serve(router: Router) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("a bound address");
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service);
        tokio::select! {
            _ = serving => {}
            _ = stopped => {}
        }
    });
    Served { addr, _stop: stop }
}
