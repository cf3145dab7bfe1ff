//! A guest without a test proves nothing: every folder below `tests/guests` is named by some test.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

fn texts(dir: &Path, all: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, all);
        } else if path.extension().is_some_and(|e| e == "rs") {
            all.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_guest_is_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    texts(&root.join("src"), &mut all);
    for guest in std::fs::read_dir(root.join("guests")).unwrap() {
        let name = guest.unwrap().file_name().into_string().unwrap();
        let named = [format!("\"{name}\""), format!("guests/{name}\"")].iter().any(|n| all.contains(n));
        assert!(named, "no test names tests/guests/{name}");
    }
}
