//! `cargo xtask fuzz`: damaged and made-up input for everything that takes bytes from strangers.
//!
//! `fuzz [admission] [conversion] [settings] [kinds] [--seconds N] [--seed N]` runs those targets, or all of them, each
//! for so long. Input is made from valid examples by a generator with a seed: what fails is printed with the seed that
//! makes it again, and the program ends with status 1. A target holds more than "no panic": see each file.

#![allow(clippy::unwrap_used)]

mod admission;
mod conversion;
mod dice;
mod json;
mod kinds;
mod settings;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use dice::Dice;
use futures_util::FutureExt as _;

/// What one input came to: accepted, refused in a known way, or what is wrong with the host.
pub(crate) type Verdict = Result<bool, String>;

struct Told {
    targets: Vec<String>,
    seconds: u64,
    seed: u64,
}

const TARGETS: [&str; 4] = ["admission", "conversion", "settings", "kinds"];

fn told() -> Option<Told> {
    let mut told = Told { targets: Vec::new(), seconds: 60, seed: 1 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => told.seconds = arguments.next()?.parse().ok()?,
            "--seed" => told.seed = arguments.next()?.parse().ok()?,
            target if TARGETS.contains(&target) => told.targets.push(argument),
            _ => return None,
        }
    }
    Some(told)
}

fn main() -> std::process::ExitCode {
    let Some(told) = told() else {
        eprintln!("fuzz: [{}] [--seconds N] [--seed N]", TARGETS.join("] ["));
        return std::process::ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // A panic is reported with its seed below.
    std::panic::set_hook(Box::new(|_| {}));
    let wanted = |target: &&'static str| told.targets.is_empty() || told.targets.iter().any(|wanted| wanted == target);
    let targets: Vec<&'static str> = TARGETS.into_iter().filter(wanted).collect();
    let Told { seconds, seed, .. } = told;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut passed = true;
    // As many at a time as there are cores: what one input does to another is no part of it.
    for together in targets.chunks(cores) {
        let running: Vec<_> = together.iter().map(|target| runtime.spawn(run(target, seconds, seed))).collect();
        passed = running.into_iter().fold(passed, |passed, one| runtime.block_on(one).unwrap_or(false) && passed);
    }
    std::process::ExitCode::from(u8::from(!passed))
}

/// One target for its time.
async fn run(target: &'static str, seconds: u64, first: u64) -> bool {
    let world = match target {
        "admission" => World::Admission(admission::World::new()),
        "conversion" => World::Conversion(conversion::World::new().await),
        "settings" => World::Settings(settings::World::new().await),
        _ => World::Kinds,
    };
    let begun = Instant::now();
    let (mut inputs, mut accepted) = (0_u64, 0_u64);
    let mut seed = first;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let one = AssertUnwindSafe(world.one(Dice::new(seed))).catch_unwind().await;
        let wrong = match one {
            Ok(Ok(taken)) => {
                accepted += u64::from(taken);
                None
            }
            Ok(Err(why)) => Some(why),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
                Some(format!("panic: {text}"))
            }
        };
        if let Some(why) = wrong {
            println!("{target}: FAILED at seed {seed}: {why}");
            println!("again: cargo xtask fuzz {target} --seed {seed} --seconds 1");
            return false;
        }
        inputs += 1;
        seed += 1;
    }
    println!("{target}: {inputs} inputs, {accepted} accepted, {seconds} s: no failure");
    // A target that accepts nothing looks at the first check only.
    if accepted == 0 {
        println!("{target}: FAILED: nothing was accepted, so little was tried");
    }
    accepted > 0
}

enum World {
    Admission(admission::World),
    Conversion(conversion::World),
    Settings(settings::World),
    Kinds,
}

impl World {
    async fn one(&self, dice: Dice) -> Verdict {
        match self {
            Self::Admission(world) => world.one(dice).await,
            Self::Conversion(world) => world.one(dice).await,
            Self::Settings(world) => world.one(dice).await,
            Self::Kinds => kinds::one(dice),
        }
    }
}
