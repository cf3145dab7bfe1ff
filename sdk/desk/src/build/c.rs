//! C: bindings by wit-bindgen, compiled by clang, without a C library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wit_component::StringEncoding;
use wit_parser::{Resolve, WorldId};

use super::{Compile, Stage};
use crate::component;
use crate::contract::{WORLD, write_file};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::tools::{self, Tools};

/// A small stack in front, so that an instance touches few pages and one that overflows traps;
/// only what the contract exports is kept.
const FLAGS: [&str; 14] = [
    "--target=wasm32-unknown-unknown",
    "-std=c11",
    "-O2",
    "-mbulk-memory",
    "-ffreestanding",
    "-nostdlib",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Wl,--no-entry",
    "-Wl,--gc-sections",
    "-Wl,--strip-all",
    "-Wl,--stack-first",
    "-Wl,-z,stack-size=65536",
];

pub(super) struct Compiler {
    clang: PathBuf,
    /// The folder of `wasm-ld`, where clang looks for it.
    linker: PathBuf,
}

impl Compiler {
    pub(super) fn find(project: &Project, tools: &Tools) -> Result<Self> {
        let missing =
            |what| Error::Missing(format!("no {what}: install clang and lld (on Debian: apt-get install clang lld)"));
        let clang = tools.find(project, &["clang"]).ok_or_else(|| missing("clang"))?;
        let linker = tools.find(project, &["wasm-ld"]).ok_or_else(|| missing("wasm-ld"))?;
        let linker = linker.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Self { clang, linker })
    }
}

impl Compile for Compiler {
    fn version(&self) -> Result<String> {
        let version = tools::run("clang", Command::new(&self.clang).arg("--version"))?;
        Ok(format!("{} wit-bindgen-c 0.61 {FLAGS:?}", version.lines().next().unwrap_or_default()))
    }

    fn component(&self, stage: &Stage, work: &Path) -> Result<Vec<u8>> {
        let wrong = |error: &dyn std::fmt::Display| Error::Project(format!("{}: {error}", stage.wit().display()));
        let (mut resolve, world) = read(&stage.wit()).map_err(|error| wrong(&error))?;
        let bindings = stage.root.join("bindings");
        generate(&mut resolve, world, &bindings).map_err(|error| wrong(&error))?;

        let output = work.join("policy.core.wasm");
        let mortise = stage.root.join("mortise");
        let mut command = Command::new(&self.clang);
        command.args(FLAGS).arg("-isystem").arg(mortise.join("libc")).arg("-isystem").arg(&bindings);
        command.arg("-I").arg(&mortise).arg("-B").arg(&self.linker);
        for folder in [&stage.root.join("src"), &mortise, &bindings] {
            command.args(sources(folder)?);
        }
        command.arg("-o").arg(&output);
        tools::run("clang", &mut command)?;
        // Read once more: making bindings adds names of its own to what was read.
        let (resolve, world) = read(&stage.wit()).map_err(|error| wrong(&error))?;
        let mut module = fs::read(&output).map_err(|error| Error::file("read", &output, error))?;
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| wrong(&error))?;
        component::from_core_module(&module).map_err(Error::Project)
    }
}

fn read(wit: &Path) -> std::result::Result<(Resolve, WorldId), String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[package], Some(WORLD)).map_err(|error| format!("{error:#}"))?;
    Ok((resolve, world))
}

/// Writes `component.h` and `component.c`, and a refusal for each operation that the author
/// leaves out.
fn generate(resolve: &mut Resolve, world: WorldId, folder: &Path) -> std::result::Result<(), String> {
    let mut files = wit_bindgen_core::Files::default();
    // The type information goes into the linked module, not into an object file.
    let options = wit_bindgen_c::Opts { no_object_file: true, ..wit_bindgen_c::Opts::default() };
    options.build().generate(resolve, world, &mut files).map_err(|error| format!("{error:#}"))?;
    for (name, bytes) in files.iter() {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        if name.ends_with(".h") {
            write_file(&folder.join("refusals.c"), &refusals(text)).map_err(|error| error.to_string())?;
        }
        write_file(&folder.join(name), text).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// An implementation of every operation of the evaluator that the author's own one replaces, and
/// what the bindings name to pull in an object file with type information, which we do not make.
fn refusals(header: &str) -> String {
    let mut text = format!("#include \"mortise.h\"\n\nvoid __component_type_object_force_link_{WORLD}(void) {{}}\n");
    for line in header.lines() {
        let Some((signature, "")) = line.split_once(';') else { continue };
        if signature.starts_with("bool exports_itsm_") && signature.contains("_evaluator_") {
            text.push_str(&format!(
                "\n__attribute__((__weak__)) {signature} {{\n    (void)request; (void)settings; (void)ret;\n    \
                 return mortise_not_supported(err);\n}}\n"
            ));
        }
    }
    text
}

/// The C files of a folder, by name.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Error::file("list", folder, error))? {
        let path = entry.map_err(|error| Error::file("list", folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
