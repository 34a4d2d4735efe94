//! The other end of a program's fault points: who stands there may hold the program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

/// Where a program asks at every fault point whether it may go on.
pub(crate) struct Gate {
    path: PathBuf,
    wanted: Arc<Mutex<Option<Wanted>>>,
}

struct Wanted {
    point: &'static str,
    tell: oneshot::Sender<Held>,
}

/// A program that stands at a fault point until this is dropped. What else it does goes on meanwhile.
pub(crate) struct Held(#[expect(dead_code, reason = "the program waits for its end")] UnixStream);

impl Gate {
    /// Lets everybody pass.
    pub(crate) fn open(path: PathBuf) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let wanted: Arc<Mutex<Option<Wanted>>> = Arc::default();
        let gate = Arc::clone(&wanted);
        tokio::spawn(async move {
            while let Ok((program, _)) = listener.accept().await {
                let (mut program, mut point) = (BufReader::new(program), String::new());
                // A program that dies right here says nothing.
                let _ = program.read_line(&mut point).await;
                let mut wanted = gate.lock().unwrap();
                if let Some(wanted) = wanted.take_if(|wanted| wanted.point == point.trim_end()) {
                    let _ = wanted.tell.send(Held(program.into_inner()));
                }
            }
        });
        Self { path, wanted }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds the program when it comes to this point the next time.
    pub(crate) fn hold_at(&self, point: &'static str) -> oneshot::Receiver<Held> {
        let (tell, held) = oneshot::channel();
        *self.wanted.lock().unwrap() = Some(Wanted { point, tell });
        held
    }
}
