//! A third party that listens to the shop, and is not always well.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use testkit::Served;
use tokio::sync::{Semaphore, watch};

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) at: i64,
    signatures: Vec<String>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// As the published libraries check it, written from the specification: `v1,` and the HMAC-SHA256 of id, time and body.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let signed = format!("{}.{}.{}", self.id, self.at, self.body);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
        self.signatures.iter().any(|signature| {
            let (version, tag) = signature.split_once(',').unwrap();
            let tag = STANDARD.decode(tag).unwrap();
            version == "v1" && ring::hmac::verify(&key, signed.as_bytes(), &tag).is_ok()
        })
    }
}

/// How it answers.
#[derive(Debug, Clone)]
pub(crate) enum Mood {
    Fine,
    Status(u16),
    Busy {
        retry_after: u32,
    },
    Redirects(String),
    /// Never stops talking.
    Talks,
    /// Answers when it is let.
    Holds,
}

#[derive(Clone)]
pub(crate) struct Receiver(Arc<Inner>);

struct Inner {
    mood: Mutex<Mood>,
    got: Mutex<Vec<Got>>,
    let_go: Semaphore,
    held: watch::Sender<(usize, usize)>,
}

impl Receiver {
    pub(crate) async fn serve() -> (Self, Served) {
        let receiver = Self(Arc::new(Inner {
            mood: Mutex::new(Mood::Fine),
            got: Mutex::default(),
            let_go: Semaphore::new(0),
            held: watch::channel((0, 0)).0,
        }));
        let routes = Router::new().fallback(answer).with_state(receiver.clone());
        (receiver, testkit::serve(routes).await)
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.all().clone()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Got>> {
        self.0.got.lock().unwrap()
    }

    /// Waits until so many requests are held at once.
    pub(crate) async fn holds(&self, count: usize) {
        let mut held = self.0.held.subscribe();
        held.wait_for(|(now, _)| *now >= count).await.unwrap();
    }

    /// The most that were ever held at once.
    pub(crate) fn most_held(&self) -> usize {
        self.0.held.borrow().1
    }

    pub(crate) fn let_go(&self) {
        self.0.let_go.add_permits(1000);
    }
}

async fn answer(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |headers: &HeaderMap, name: &str| {
        headers
            .get(name)
            .map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let got = Got {
        path: parts.uri.path().to_owned(),
        id: header(&parts.headers, "webhook-id"),
        at: header(&parts.headers, "webhook-timestamp")
            .parse()
            .unwrap_or(0),
        signatures: header(&parts.headers, "webhook-signature")
            .split(' ')
            .map(str::to_owned)
            .collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    receiver.all().push(got);
    let mood = receiver.0.mood.lock().unwrap().clone();
    match mood {
        Mood::Fine => "thanks".into_response(),
        Mood::Status(status) => {
            (StatusCode::from_u16(status).unwrap(), "not today").into_response()
        }
        Mood::Busy { retry_after } => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, retry_after.to_string())],
        )
            .into_response(),
        Mood::Redirects(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Mood::Talks => {
            let words = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("bla ".repeat(64)));
            Body::from_stream(words).into_response()
        }
        Mood::Holds => {
            let held = &receiver.0.held;
            held.send_modify(|(now, most)| {
                *now += 1;
                *most = (*most).max(*now);
            });
            receiver.0.let_go.acquire().await.unwrap().forget();
            held.send_modify(|(now, _)| *now -= 1);
            "at last".into_response()
        }
    }
}
