//! Compiling in a process of its own.
//!
//! Reading and compiling bytes that somebody sent is the one thing that neither fuel nor a sandbox bounds. So the
//! server starts its own program again (`mortise compile`), hands it the bytes, and takes the machine code. The child
//! limits its own memory and processor time and runs at a lower priority; the parent ends it when it takes too long.
//! Whatever becomes of the child, the server refuses one component and goes on.
//!
//! Where no program is told (the library used by itself) the same work is done in this process, without these limits.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::config;
use super::inspect::{Inspection, inspect};
use super::refused::{Grants, Refused, rule};

/// Who compiles, and what it may use for one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// The program whose `compile` command is run; none to compile in this process, without limits.
    pub program: Option<PathBuf>,
    /// Bytes of address space of the child.
    pub memory_bytes: u64,
    /// Seconds of processor time.
    pub processor: Duration,
    /// Time on the clock, from starting the child.
    pub wall: Duration,
    /// Bytes of machine code that are taken from it.
    pub artifact_bytes: u64,
}

impl Default for Compiler {
    fn default() -> Self {
        Self {
            program: None,
            memory_bytes: 2 << 30,
            processor: Duration::from_secs(60),
            // A busy machine gives a child of low priority little of the processor.
            wall: Duration::from_secs(180),
            artifact_bytes: 256 << 20,
        }
    }
}

/// How much lower the child's priority is.
const NICE: i32 = 10;
/// Bytes kept of what a child says beside the machine code.
const MOST_WORDS: u64 = 16 << 10;
/// What the child's allocator reserves at a time: it would take a gibibyte before there is a limit, and then use that.
const RESERVE_KIB: &str = "32768";
/// Exit status of a child that refuses the component and says why.
const REFUSED: u8 = 3;
/// Stack on which a component is read in the child: less than a blocking thread of the server has, so that what gets
/// through here gets through there.
const READING_STACK: usize = 1 << 20;
/// How often a child that has closed its output is asked whether it has ended.
const POLL: Duration = Duration::from_millis(5);

/// What a child says when it refuses.
#[derive(Serialize, Deserialize)]
struct Words {
    rule: String,
    message: String,
}

/// What is asked of the compiler.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task<'a> {
    /// An upload: read it, hold it against the contract and these grants, compile it.
    Admit(&'a Grants),
    /// It was admitted before: compile it.
    Known,
    /// Say what it imports, and compile nothing.
    Imports,
}

impl Compiler {
    /// Compiles in a child; `None` if there is no program to do so. Blocks.
    pub(super) fn compile(&self, bytes: &Arc<[u8]>, task: Task<'_>) -> Option<Result<Vec<u8>, Refused>> {
        let program = self.program.as_ref()?;
        Some(self.run(program, bytes, task))
    }

    /// What a component imports beside types. Blocks.
    pub(super) fn imports(&self, bytes: &Arc<[u8]>) -> Result<Vec<String>, Refused> {
        match self.compile(bytes, Task::Imports) {
            Some(words) => Ok(serde_json::from_slice(&words?).unwrap_or_default()),
            None => Ok(inspect(bytes)?.imports),
        }
    }

    fn run(&self, program: &Path, bytes: &Arc<[u8]>, task: Task<'_>) -> Result<Vec<u8>, Refused> {
        let broken = |error: io::Error| {
            tracing::error!(program = %program.display(), %error, "the compiler cannot be started");
            Refused::new(rule::BUSY, format!("the compiler cannot be started: {error}"))
        };
        let deadline = Instant::now() + self.wall;
        let mut child = Running(
            Command::new(program)
                .args(self.arguments(task))
                .env_clear()
                .env("MIMALLOC_ARENA_RESERVE", RESERVE_KIB)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .map_err(broken)?,
        );
        let (Some(mut input), Some(output), Some(words)) =
            (child.0.stdin.take(), child.0.stdout.take(), child.0.stderr.take())
        else {
            return Err(broken(io::Error::other("its pipes are missing")));
        };
        let sent = Arc::clone(bytes);
        // Each pipe has a thread: a child that writes before it has read everything blocks nobody.
        thread::spawn(move || {
            // A child that does not want to read says why in another way.
            let _ = input.write_all(&sent);
        });
        let artifact = take(output, self.artifact_bytes + 1);
        let words = take(words, MOST_WORDS);
        let late = || {
            let message = format!("it takes longer to compile than {} s", self.wall.as_secs());
            Refused::new(rule::COMPILE_LIMIT, message)
        };
        let artifact = match artifact.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(artifact) => artifact,
            Err(RecvTimeoutError::Timeout) => return Err(late()),
            Err(RecvTimeoutError::Disconnected) => Vec::new(),
        };
        if artifact.len() as u64 > self.artifact_bytes {
            let message = format!("it compiles to more than {} MiB of machine code", self.artifact_bytes >> 20);
            return Err(Refused::new(rule::COMPILE_LIMIT, message));
        }
        let status = child.wait(deadline).map_err(broken)?.ok_or_else(late)?;
        if status.success() {
            return Ok(artifact);
        }
        let words =
            words.recv_timeout(POLL.max(deadline.saturating_duration_since(Instant::now()))).unwrap_or_default();
        Err(self.failed(status, &String::from_utf8_lossy(&words)))
    }

    fn arguments(&self, task: Task<'_>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["compile".into()];
        for (name, value) in [("--memory-bytes", self.memory_bytes), ("--processor-s", self.processor.as_secs())] {
            arguments.extend([name.into(), value.to_string().into()]);
        }
        match task {
            Task::Admit(grants) => {
                for import in &grants.imports {
                    arguments.extend(["--grant".into(), import.into()]);
                }
            }
            Task::Known => arguments.push("--known".into()),
            Task::Imports => arguments.push("--imports".into()),
        }
        arguments
    }

    /// What the end of a child says about the component.
    fn failed(&self, status: ExitStatus, words: &str) -> Refused {
        let limit = |what: String| Refused::new(rule::COMPILE_LIMIT, what);
        let memory = || limit(format!("it takes more than {} MiB of memory to compile", self.memory_bytes >> 20));
        if status.code() == Some(i32::from(REFUSED))
            && let Some(line) = words.lines().next_back()
            && let Ok(Words { rule: name, message }) = serde_json::from_str(line)
        {
            let starved = ["out of memory", "Cannot allocate memory"].iter().any(|words| message.contains(words));
            return if starved { memory() } else { Refused::new(rule::named(&name), message) };
        }
        match status.signal() {
            Some(signal) if signal == Signal::XCPU.as_raw() => {
                limit(format!("it takes more than {} s of processor time to compile", self.processor.as_secs()))
            }
            // The system ends whoever has the most when it runs out.
            Some(signal) if signal == Signal::KILL.as_raw() => memory(),
            Some(_) if words.contains("memory allocation of") => memory(),
            _ => {
                tracing::warn!(%status, %words, "the compiler of a component broke down");
                Refused::new(rule::DOES_NOT_COMPILE, format!("the compiler breaks down on it ({status})"))
            }
        }
    }
}

/// A child that is ended when nobody waits for it any more.
struct Running(Child);

impl Running {
    fn wait(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already cannot be ended again.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads a pipe to its end, at most so much of it.
fn take(pipe: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is all there is.
        let _ = pipe.take(most).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// Holds an upload against the contract and what it is granted.
pub(super) fn read(bytes: &[u8], grants: &Grants) -> Result<Inspection, Refused> {
    let inspection = inspect(bytes)?;
    grants.check(inspection.imports.iter().map(String::as_str))?;
    Ok(inspection)
}

pub(super) fn does_not_compile(error: &wasmtime::Error) -> Refused {
    Refused::new(rule::DOES_NOT_COMPILE, format!("the component cannot be compiled: {error:#}"))
}

/// What a child is told.
#[derive(Debug, Clone)]
pub struct ChildOrder {
    /// Bytes of address space.
    pub memory_bytes: u64,
    /// Seconds of processor time.
    pub processor_s: u64,
    /// The component was admitted before and is only compiled.
    pub known: bool,
    /// Only what it imports is said; nothing is compiled.
    pub imports: bool,
    /// What an upload is granted.
    pub grants: Grants,
}

/// The child: limits itself, reads a component from standard input, and writes its machine code to standard output.
/// Gives the exit status; a refusal is on standard error.
pub fn child(order: ChildOrder) -> u8 {
    match in_child(order) {
        Ok(()) => 0,
        Err(Refused { rule, message }) => {
            let words = Words { rule: rule.to_owned(), message };
            eprintln!("{}", serde_json::to_string(&words).unwrap_or_default());
            REFUSED
        }
    }
}

fn in_child(order: ChildOrder) -> Result<(), Refused> {
    let broken = |error: io::Error| Refused::new(rule::BUSY, format!("the compiler cannot work: {error}"));
    limit(&order).map_err(broken)?;
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(broken)?;
    let work = move || {
        if order.imports {
            let imports = inspect(&bytes)?.imports;
            return Ok((bytes, Some(imports)));
        }
        if !order.known {
            read(&bytes, &order.grants)?;
        }
        Ok((bytes, None))
    };
    let lost = || Refused::new(rule::NOT_A_COMPONENT, "the component cannot be read");
    let reading = thread::Builder::new().stack_size(READING_STACK).spawn(work).map_err(broken)?;
    let (bytes, imports) = reading.join().unwrap_or_else(|_| Err(lost()))?;
    if let Some(imports) = imports {
        let words = serde_json::to_vec(&imports).unwrap_or_default();
        return io::stdout().lock().write_all(&words).map_err(broken);
    }
    let engine = wasmtime::Engine::new(&config::compiler()).map_err(|error| does_not_compile(&error))?;
    let artifact = engine.precompile_component(&bytes).map_err(|error| does_not_compile(&error))?;
    io::stdout().lock().write_all(&artifact).map_err(broken)
}

/// Takes from this process what a compiler does not need.
fn limit(order: &ChildOrder) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, nice, setrlimit};

    let most = |n: u64| Rlimit { current: Some(n), maximum: Some(n) };
    // The soft limit ends the process with a signal of its own; the hard one, later, with the same as running out of memory.
    let processor = Rlimit { current: Some(order.processor_s), maximum: Some(order.processor_s.saturating_add(1)) };
    setrlimit(Resource::As, most(order.memory_bytes))?;
    setrlimit(Resource::Cpu, processor)?;
    // Neither files nor other processes, nor an image of what it was handed.
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Fsize, most(0))?;
    nice(NICE)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}
