//! `mortise serve`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use mortise::app::{self, App};
use mortise::clock::Clock;
use mortise::config::{Config, Listen};
use mortise::flows::demo;
use mortise::flows::first_start::{self, Offer};
use mortise::telemetry;
use mortise_types::Process;

use super::{Place, Usage, flow};

/// Serve the API.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address to listen on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder of components that an organisation without any gets at the first start.
    #[arg(long, value_name = "DIR")]
    components: Option<PathBuf>,
    /// Fill an empty organisation with demonstration data, and print tokens and commands to try.
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub(crate) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let mut config = place.load()?;
        if let Some(listen) = self.listen {
            config.listen = Listen(listen);
        }
        if let Some(components) = self.components {
            config.components = Some(components);
        }
        let _traces = telemetry::start(&config.log, &config.telemetry).map_err(Usage)?;
        let started = std::time::Instant::now();
        let app = App::build(&config, Clock::system()).await?;
        prepare(&config, &app).await?;
        // The address is taken before demonstration data is made: a second server does not touch the first one's.
        let listener = app::listen(config.listen.0).await?;
        let address = listener.local_addr().context("the listener has no address")?;
        if self.demo {
            let demo = demo::run(&app.desk, &config.organisation.0).await.map_err(flow)?;
            say!("{}", demo.welcome(&address.to_string()));
        }
        tracing::info!(%address, took_ms = telemetry::millis(started.elapsed()), "serving");
        app.serve(listener, stop_signal()).await.context("the server failed")
    }
}

/// The organisation, and reference components where it has none.
async fn prepare(config: &Config, app: &App) -> anyhow::Result<()> {
    let org = &config.organisation.0;
    first_start::organisation(&app.desk, org, org).await.map_err(flow)?;
    if let Some(folder) = &config.components {
        let offers = offers(folder)?;
        let started = first_start::components(&app.desk, org, offers).await.map_err(flow)?;
        for name in started {
            tracing::info!(component = %name, "reference component activated");
        }
    }
    let snapshot = app.desk.catalog.snapshot();
    let idle = Process::ALL.into_iter().filter(|process| snapshot.organisation(org, *process).is_none());
    let idle: Vec<&str> = idle.map(Process::slug).collect();
    if !idle.is_empty() {
        tracing::warn!(
            processes = idle.join(", "),
            "no component decides for the whole organisation: what none decides waits for a person; \
             --components DIR activates those of a folder"
        );
    }
    Ok(())
}

/// The reference components of a folder.
pub(super) fn offers(folder: &Path) -> anyhow::Result<Vec<Offer>> {
    let unreadable = |e: std::io::Error| Usage(format!("components folder {}: {e}", folder.display()));
    let mut offers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()).map(str::to_owned) else { continue };
        if first_start::reference_for(&name).is_some() {
            let bytes = std::fs::read(&path).map_err(unreadable)?;
            offers.push(Offer { name: name.trim_end_matches(".wasm").to_owned(), bytes });
        }
    }
    offers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(offers)
}

/// Resolves on Ctrl-C or SIGTERM.
async fn stop_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
    tracing::info!("stopping: requests under way are finished");
}
