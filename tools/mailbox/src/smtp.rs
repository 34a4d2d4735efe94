//! The receiving half of SMTP (RFC 5321), as much as mail libraries use.

use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
    BufReader,
};
use tokio::net::TcpListener;

use crate::store::Store;

const MAX_SIZE: usize = 25 * 1024 * 1024;
const MAX_LINE: u64 = 64 * 1024;
const MAX_RECIPIENTS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(300);

/// Takes mail for ever.
pub async fn serve(listener: TcpListener, store: Store) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and many; waiting to fill a packet would cost 40 ms each.
                let _ = stream.set_nodelay(true);
                let store = store.clone();
                tokio::spawn(async move {
                    let (reader, writer) = stream.into_split();
                    let session = Session {
                        reader: BufReader::new(reader),
                        writer,
                        store,
                        from: None,
                        to: Vec::new(),
                    };
                    match tokio::time::timeout(PATIENCE, session.run()).await {
                        Ok(Err(error)) => tracing::debug!(%error, "connection lost"),
                        Err(_) => tracing::debug!("connection idle for too long"),
                        Ok(Ok(())) => {}
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others must end first.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

struct Session<R, W> {
    reader: R,
    writer: W,
    store: Store,
    from: Option<String>,
    to: Vec<String>,
}

impl<R: AsyncBufRead + Unpin, W: AsyncWrite + Unpin> Session<R, W> {
    async fn run(mut self) -> std::io::Result<()> {
        self.say("220 mailbox ESMTP").await?;
        while let Some(line) = self.line().await? {
            let line = String::from_utf8_lossy(&line).into_owned();
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    self.reset();
                    let size = format!("250 SIZE {MAX_SIZE}");
                    for line in [
                        "250-mailbox",
                        "250-PIPELINING",
                        "250-8BITMIME",
                        "250-SMTPUTF8",
                        "250-AUTH PLAIN",
                        &size,
                    ] {
                        self.say(line).await?;
                    }
                }
                "HELO" => {
                    self.reset();
                    self.say("250 mailbox").await?;
                }
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.rcpt(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.reset();
                    self.say("250 2.0.0 forgotten").await?;
                }
                // Anybody may send here.
                "AUTH" => self.auth(rest).await?,
                "NOOP" => self.say("250 2.0.0 yes").await?,
                "VRFY" => self.say("252 2.1.5 everybody lives here").await?,
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("502 5.5.1 not known").await?,
            }
        }
        Ok(())
    }

    async fn mail(&mut self, rest: &str) -> std::io::Result<()> {
        match path(rest, "FROM:") {
            Some(from) => {
                self.reset();
                self.from = Some(from);
                self.say("250 2.1.0 sender ok").await
            }
            None => self.say("501 5.5.4 MAIL FROM:<address>").await,
        }
    }

    async fn rcpt(&mut self, rest: &str) -> std::io::Result<()> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        match path(rest, "TO:") {
            Some(to) if to.is_empty() => self.say("501 5.1.3 no address").await,
            Some(to) if to.starts_with("refused@") => {
                self.say("550 5.1.1 refused, as its name says").await
            }
            Some(to) if to.starts_with("busy@") => {
                self.say("451 4.2.1 busy, as its name says").await
            }
            Some(_) if self.to.len() == MAX_RECIPIENTS => {
                self.say("452 4.5.3 too many recipients").await
            }
            Some(to) => {
                self.to.push(to);
                self.say("250 2.1.5 recipient ok").await
            }
            None => self.say("501 5.5.4 RCPT TO:<address>").await,
        }
    }

    async fn data(&mut self) -> std::io::Result<()> {
        let Some(from) = self.from.clone().filter(|_| !self.to.is_empty()) else {
            return self.say("503 5.5.1 MAIL and RCPT first").await;
        };
        self.say("354 end with a line that is a dot").await?;
        let mut data = Vec::new();
        let mut too_big = false;
        loop {
            // Without the end it was never sent.
            let Some(line) = self.line().await? else {
                return Ok(());
            };
            if line == b"." {
                break;
            }
            too_big |= data.len() + line.len() > MAX_SIZE;
            if !too_big {
                data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                data.extend_from_slice(b"\r\n");
            }
        }
        let to = std::mem::take(&mut self.to);
        self.reset();
        if too_big {
            return self.say("552 5.3.4 too big").await;
        }
        match self.store.add(&from, &to, &data) {
            Ok(id) => {
                tracing::info!(%id, recipients = to.len(), bytes = data.len(), "mail");
                self.say(&format!("250 2.0.0 kept as {id}")).await
            }
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "mail not kept");
                self.say("451 4.3.0 cannot keep it").await
            }
        }
    }

    async fn auth(&mut self, rest: &str) -> std::io::Result<()> {
        if rest.trim().contains(' ') {
            return self.say("235 2.7.0 welcome").await;
        }
        self.say("334 ").await?;
        self.line().await?;
        self.say("235 2.7.0 welcome").await
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// A line without its end; none when the client has gone.
    async fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let length = (&mut self.reader)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await?;
        if length == 0 {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.writer
            .write_all(format!("{line}\r\n").as_bytes())
            .await
    }
}

/// The address in `FROM:<a@b> SIZE=…`, without control characters, so that it fits into a header line.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let rest = rest.trim();
    let rest = rest
        .get(..keyword.len())
        .filter(|start| start.eq_ignore_ascii_case(keyword))
        .map(|_| rest[keyword.len()..].trim())?;
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    (!address.chars().any(|c| c.is_control() || c == ',')).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn paths_are_read_as_clients_write_them() {
        assert_eq!(
            path("FROM:<a@b.example> SIZE=12", "FROM:").as_deref(),
            Some("a@b.example")
        );
        assert_eq!(
            path("from: <a@b.example>", "FROM:").as_deref(),
            Some("a@b.example")
        );
        assert_eq!(path("FROM:<>", "FROM:").as_deref(), Some(""));
        assert_eq!(path("TO:a@b.example", "TO:"), None);
        assert_eq!(path("ä", "TO:"), None);
    }
}
