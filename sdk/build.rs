//! Writes one macro per process that expands to the bindings of its world.
//!
//! The bindings belong into the component's crate: were they in the SDK, the
//! macros that wit-bindgen generates for the shared interfaces would clash,
//! and every component would carry the worlds of all processes. A component's
//! crate does not know where the WIT is, so the paths are filled in here.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// Packages that every process's world names, dependencies first.
const SHARED: [&str; 3] = ["types", "plugin", "log"];
const PROCESSES: [&str; 4] = ["sla", "change-risk", "budget", "supplier"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../wit");
    let mut text = String::new();
    for process in PROCESSES {
        let mut paths = String::new();
        for package in SHARED.into_iter().chain([process]) {
            write!(paths, "{:?}, ", wit.join(package))?;
        }
        write!(
            text,
            r#"
/// Expands to the bindings of the world `itsm:{process}/policy`.
#[macro_export]
#[doc(hidden)]
macro_rules! __{name}_bindings {{
    () => {{
        $crate::__private::wit_bindgen::generate!({{
            world: "itsm:{process}/policy",
            path: [{paths}],
            runtime_path: "::mortise_sdk::__private::wit_bindgen::rt",
            generate_all,
        }});
    }};
}}
"#,
            name = process.replace('-', "_"),
        )?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("bindings.rs"), text)?;
    Ok(())
}
