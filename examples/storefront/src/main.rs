//! The storefront: a small shop whose pages depend on feature flags.
//!
//! In: a Vexil server to follow. Out: pages that change while they are open, and JSON that says
//! why each shopper gets what. The shop never waits for flags: until they arrive, and when the
//! server is gone, it serves what it has.

mod shop;

mod shopper;

mod flags;

mod decisions;

mod live;

mod pages;

mod api;

mod browser;

mod cart;
mod catalogue;
mod html;
mod money;

use std::io::IsTerminal as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Parser;
use tracing_subscriber::EnvFilter;
use vexil_runtime::Client;

/// A small shop whose pages depend on feature flags.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where the shop answers.
    #[arg(long, default_value = "127.0.0.1:7080")]
    listen: SocketAddr,
    /// The Vexil server.
    #[arg(long, env = "VEXIL_SERVER", default_value = "http://127.0.0.1:7070")]
    server: String,
    /// The key to show to it, if it asks for one.
    #[arg(long, env = "VEXIL_KEY", hide_env_values = true)]
    key: Option<String>,
    /// The project whose flags to follow.
    #[arg(long, default_value = "storefront")]
    project: String,
    /// The environment in it.
    #[arg(long, default_value = "production")]
    environment: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_ansi(colours).with_writer(std::io::stderr);
    logs.with_env_filter(filter).init();
    let options = Options::parse();

    let client = Client::builder(&options.server)
        .key(options.key.as_deref().unwrap_or_default())
        .project(&options.project)
        .environment(&options.environment)
        .build()
        .await
        .with_context(|| format!("cannot follow the flags of {}", options.server))?;
    let (pulses, _subscription) = live::follow(&client);
    let shop = shop::Shop {
        client: client.clone(),
        pulses,
        environment: options.environment.clone(),
        server: options.server.clone(),
    };

    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    tracing::info!(address = %listener.local_addr()?, server = options.server, "the shop is open");
    // Open pages hold their stream for ever, so the shop closes without waiting for them.
    tokio::select! {
        served = axum::serve(listener, shop::routes(shop)) => served?,
        () = told_to_stop() => tracing::info!("the shop closes"),
    }
    client.close().await;
    Ok(())
}

/// Ends on Ctrl-C, and on the signal by which `cargo xtask up` and containers stop programs.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}
