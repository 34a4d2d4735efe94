//! `mailbox --smtp-addr 127.0.0.1:1025 --http-addr 127.0.0.1:8025 --dir .data/dev/mail`

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use mailbox::{Store, smtp, web};
use primitives::{Clock, Random};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Takes mail by SMTP and shows it on a web page.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to take mail.
    #[arg(long, env = "MAILBOX_SMTP_ADDR", default_value = "127.0.0.1:1025")]
    smtp_addr: SocketAddr,
    /// Where to show it.
    #[arg(long, env = "MAILBOX_HTTP_ADDR", default_value = "127.0.0.1:8025")]
    http_addr: SocketAddr,
    /// Where to keep it between runs; without it, mail is kept in memory only.
    #[arg(long, env = "MAILBOX_DIR")]
    dir: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_target(false)
        .with_ansi(std::io::stdout().is_terminal())
        .init();
    let arguments = Arguments::parse();
    let store = Store::open(arguments.dir, Clock::system(), Random::system())?;
    let mail = TcpListener::bind(arguments.smtp_addr)
        .await
        .with_context(|| format!("SMTP on {}", arguments.smtp_addr))?;
    let pages = TcpListener::bind(arguments.http_addr)
        .await
        .with_context(|| format!("HTTP on {}", arguments.http_addr))?;
    tracing::info!(smtp = %mail.local_addr()?, web = format!("http://{}/", pages.local_addr()?), "taking mail");
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        () = smtp::serve(mail, store.clone()) => {}
        served = axum::serve(pages, web::router(store)) => served?,
        _ = terminated.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
