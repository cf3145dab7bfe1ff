//! Writes one macro per process and version that expands to the bindings of its world.
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
/// Each version of each process's package: its folder, the world's package, the name in the macro.
const WORLDS: [(&str, &str, &str); 5] = [
    ("sla", "itsm:sla", "sla"),
    ("sla-0.2.0", "itsm:sla", "sla_0_2"),
    ("change-risk", "itsm:change-risk", "change_risk"),
    ("budget", "itsm:budget", "budget"),
    ("supplier", "itsm:supplier", "supplier"),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../wit");
    let mut text = String::new();
    for (folder, package, name) in WORLDS {
        let mut paths = String::new();
        for folder in SHARED.into_iter().chain([folder]) {
            write!(paths, "{:?}, ", wit.join(folder))?;
        }
        write!(
            text,
            r#"
/// Expands to the bindings of the world `{package}/policy` in `wit/{folder}`.
#[macro_export]
#[doc(hidden)]
macro_rules! __{name}_bindings {{
    () => {{
        $crate::__private::wit_bindgen::generate!({{
            world: "{package}/policy",
            path: [{paths}],
            runtime_path: "::mortise_sdk::__private::wit_bindgen::rt",
            generate_all,
        }});
    }};
}}
"#,
        )?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("bindings.rs"), text)?;
    Ok(())
}
