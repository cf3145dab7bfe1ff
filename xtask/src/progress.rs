//! Long steps stay visible: a spinner on a terminal, plain lines in a log.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::workspace::program;

/// How much of a failed step's output is shown.
const TAIL: usize = 40;
/// How often a log hears from a step that is still running.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often the deadline is looked at.
const TICK: Duration = Duration::from_millis(200);

/// Says something that is not part of a step.
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// Runs a step whose output only matters when it fails; its latest line is shown meanwhile.
///
/// # Errors
/// When the program cannot be started, fails (the end of its output is shown first), or is
/// not done by `deadline`.
pub(crate) fn step(title: &str, command: &mut Command, deadline: Option<Duration>) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{title}: cannot start {}", program(command)))?;
    let (sender, lines) = mpsc::channel();
    let readers = [
        child.stdout.take().map(|out| forward(out, sender.clone())),
        child.stderr.take().map(|err| forward(err, sender.clone())),
    ];
    drop(sender);

    let mut shown = Shown::start(title);
    let mut tail = VecDeque::new();
    let started = Instant::now();
    // The channel closes when the program has closed both its outputs, that is, when it ended.
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => {
                shown.latest(&line);
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => shown.waiting(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if deadline.is_some_and(|deadline| started.elapsed() > deadline) {
            child.kill().context("stop a step that took too long")?;
            child.wait().context("wait for a stopped step")?;
            shown.end("gave up");
            bail!("{title}: not done after {} s", started.elapsed().as_secs());
        }
    }
    for reader in readers.into_iter().flatten() {
        // A reader only ends by end of file; there is nothing to learn from its result.
        drop(reader.join());
    }
    let status = child.wait().context("wait for a step")?;
    if status.success() {
        shown.end("done");
        return Ok(());
    }
    shown.end("failed");
    for line in tail {
        say(&format!("    {line}"));
    }
    bail!("{title}: {} failed ({status})", program(command))
}

fn forward(source: impl Read + Send + 'static, lines: Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if !line.is_empty() && lines.send(line).is_err() {
                return;
            }
        }
    })
}

/// What the person sees of a running step.
struct Shown {
    title: String,
    latest: String,
    started: Instant,
    heard: Instant,
    spinner: Option<ProgressBar>,
}

impl Shown {
    fn start(title: &str) -> Self {
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} [{elapsed}] {wide_msg}") {
                spinner.set_style(style);
            }
            spinner.set_prefix(title.to_owned());
            spinner.enable_steady_tick(Duration::from_millis(120));
            spinner
        });
        if spinner.is_none() {
            say(&format!("{title} ..."));
        }
        Self { title: title.to_owned(), latest: String::new(), started: Instant::now(), heard: Instant::now(), spinner }
    }

    fn latest(&mut self, line: &str) {
        line.clone_into(&mut self.latest);
        if let Some(spinner) = &self.spinner {
            spinner.set_message(line.to_owned());
        }
        self.waiting();
    }

    fn waiting(&mut self) {
        if self.spinner.is_none() && self.heard.elapsed() >= HEARTBEAT {
            self.heard = Instant::now();
            let seconds = self.started.elapsed().as_secs();
            say(&format!("{} ... {seconds} s: {}", self.title, self.latest));
        }
    }

    fn end(self, how: &str) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        let seconds = self.started.elapsed().as_secs_f32();
        say(&format!("{}: {how} ({seconds:.1} s)", self.title));
    }
}
