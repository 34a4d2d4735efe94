//! A collector that keeps what it gets.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;

use crate::serve::{Served, serve};

/// An OTLP endpoint over HTTP that stores the bodies of the export requests, as they came.
#[derive(Debug)]
pub struct OtlpSink {
    served: Served,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl OtlpSink {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let store = Arc::clone(&bodies);
        let routes = Router::new().route(
            "/v1/{signal}",
            post(async move |body: Bytes| {
                store
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(body);
                // An empty protobuf message is a whole success.
                ([("content-type", "application/x-protobuf")], "")
            }),
        );
        Self {
            served: serve(routes).await,
            bodies,
        }
    }

    /// The value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.served.url()
    }

    /// The bodies so far.
    #[must_use]
    pub fn bodies(&self) -> Vec<Bytes> {
        self.bodies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many export requests came.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bodies().len()
    }

    /// Whether some body has these bytes in it. Names and string attributes are plain in protobuf; trace ids are 16 raw bytes.
    #[must_use]
    pub fn contains(&self, needle: impl AsRef<[u8]>) -> bool {
        let needle = needle.as_ref();
        self.bodies()
            .iter()
            .any(|body| body.windows(needle.len()).any(|window| window == needle))
    }
}
