//! Components and signatures in registries: Debian's docker-registry, started here, and one of our own that does what a
//! good one would not.

#![allow(clippy::unwrap_used)]

mod binary;
mod stub;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use mortise::domain::signature::{Algorithm, PrivateKey};
use serde_json::Value;
use tempfile::TempDir;

use crate::app::{binary, component};

/// A registry on this machine, in a temporary folder; it ends with this value.
struct Registry {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `test` with the password `s3cret`.
const HTPASSWD: &str = "test:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n";

impl Registry {
    /// Starts one; `None` when this run leaves registries out (`MORTISE_TEST_REGISTRY=skip`, which `cargo xtask test`
    /// sets, visibly, where none is installed).
    fn start(with_password: bool) -> Option<Self> {
        if std::env::var_os("MORTISE_TEST_REGISTRY").is_some_and(|value| value == "skip") {
            return None;
        }
        let program = binary::find().unwrap_or_else(|| panic!("no registry for the tests: {}", binary::PLACES));
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the port before the registry does: then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let root = folder.path().join("store");
            let mut config = format!(
                "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: \
                 127.0.0.1:{port}\n",
                root.display()
            );
            if with_password {
                let file = folder.path().join("htpasswd");
                fs::write(&file, HTPASSWD).unwrap();
                config.push_str(&format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", file.display()));
            }
            let file = folder.path().join("config.yml");
            fs::write(&file, config).unwrap();
            let mut child = Command::new(&program)
                .arg("serve")
                .arg(&file)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let until = Instant::now() + Duration::from_secs(20);
            while Instant::now() < until && child.try_wait().unwrap().is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(Self { child, folder, port });
                }
                std::thread::yield_now();
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("{} does not start", program.display());
    }

    fn at(&self, rest: &str) -> String {
        format!("oci://127.0.0.1:{}/{rest}", self.port)
    }

    /// Where the registry keeps the bytes of a digest.
    fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blobs = self.folder.path().join("store/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    fn document(&self, digest: &str) -> Value {
        serde_json::from_slice(&fs::read(self.blob(digest)).unwrap()).unwrap()
    }
}

/// `mortise plugin …` in a folder.
fn plugin(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary());
    command.current_dir(folder).arg("plugin").args(arguments).envs(environment.iter().copied());
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command printed; it went well.
fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// What a command said when it did not go well, by the caller's mistake.
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stderr)
}

/// A folder with a component, and keys `a` and `b`.
fn desk() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("vip.wasm"), component("sla-vip")).unwrap();
    for (name, algorithm) in [("a", Algorithm::Ed25519), ("b", Algorithm::EcdsaP256)] {
        let key = PrivateKey::generate(algorithm).unwrap();
        fs::write(dir.path().join(format!("{name}.key")), key.to_pem()).unwrap();
        fs::write(dir.path().join(format!("{name}.pub")), key.public().to_pem()).unwrap();
    }
    dir
}

/// The digest in `oci://…@sha256:…`.
fn digest(line: &str) -> &str {
    line.split_once('@').unwrap().1
}

#[test]
fn a_component_goes_to_a_registry_and_comes_back_with_its_signature() {
    let Some(registry) = Registry::start(false) else { return };
    let desk = desk();
    let run = |arguments: &[&str]| plugin(desk.path(), arguments, &[]);
    ok(&run(&["sign", "vip.wasm", "--key", "a.key"]));
    let tagged = registry.at("partner/sla-vip:1.0.0");
    let pushed = ok(&run(&["push", "vip.wasm", &tagged]));
    let by_digest = pushed.lines().next().unwrap().to_owned();
    assert!(pushed.lines().nth(1).unwrap().contains("by ed25519"), "{pushed}");
    assert_eq!(ok(&run(&["push", "vip.wasm", &tagged])), pushed, "pushing again changes nothing");

    // What the component world expects to find.
    let manifest = registry.document(digest(&by_digest));
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(manifest["annotations"]["org.opencontainers.image.title"], "sla-vip");
    let config = registry.document(manifest["config"]["digest"].as_str().unwrap());
    assert_eq!((&config["architecture"], &config["os"]), (&"wasm".into(), &"wasip2".into()));
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);
    let exports = config["component"]["exports"].as_array().unwrap();
    assert!(exports.contains(&"itsm:sla/evaluator@0.1.0".into()), "{exports:?}");

    // By tag, and by the digest that was printed.
    let original = fs::read(desk.path().join("vip.wasm")).unwrap();
    for (reference, file) in [(&tagged, "tagged.wasm"), (&by_digest, "digest.wasm")] {
        let pulled = ok(&run(&["pull", reference, "--out", file, "--key", "b.pub", "--key", "a.pub"]));
        assert_eq!(pulled.lines().next().unwrap(), by_digest);
        assert!(pulled.contains("(good)"), "{pulled}");
        assert_eq!(fs::read(desk.path().join(file)).unwrap(), original);
        ok(&run(&["verify", file, "--key", "a.pub"]));
    }
    assert!(refused(&run(&["pull", &tagged, "--out", "tagged.wasm"])).contains("--overwrite"));
    ok(&run(&["pull", &tagged, "--out", "tagged.wasm", "--overwrite"]));
    ok(&run(&["pull", &tagged]));
    assert!(desk.path().join("sla-vip.wasm").is_file(), "named after the repository");

    // A second signature stands beside the first.
    ok(&run(&["sign", "vip.wasm", "--key", "b.key", "--out", "b.sig"]));
    ok(&run(&["push", "vip.wasm", &tagged, "--signature", "b.sig"]));
    let pulled = ok(&run(&["pull", &by_digest, "--out", "both.wasm", "--key", "b.pub"]));
    assert!(
        pulled.contains("both.wasm.sig by ecdsa-p256") && pulled.contains("both.wasm.2.sig by ed25519"),
        "{pulled}"
    );
    ok(&run(&["verify", "both.wasm", "--key", "b.pub"]));
}

#[test]
fn what_a_registry_does_not_have_or_has_spoilt_is_named() {
    let Some(registry) = Registry::start(false) else { return };
    let desk = desk();
    let run = |arguments: &[&str]| plugin(desk.path(), arguments, &[]);
    let tagged = registry.at("sla-vip:1");
    let pushed = ok(&run(&["push", "vip.wasm", &tagged]));
    let by_digest = pushed.lines().next().unwrap().to_owned();

    assert!(refused(&run(&["pull", &registry.at("sla-vip:2")])).contains("the registry has no oci://"));
    assert!(refused(&run(&["pull", &registry.at("none:1")])).contains("the registry has no oci://"));
    let other = format!("{}@sha256:{}", registry.at("sla-vip"), "0".repeat(64));
    assert!(refused(&run(&["pull", &other])).contains("the registry has no"));
    assert!(refused(&run(&["push", "vip.wasm", &other])).contains("instead of"));
    // Unsigned, where a signature is asked for.
    let unsigned = run(&["pull", &tagged, "--out", "x.wasm", "--key", "a.pub"]);
    assert!(refused(&unsigned).contains("no good signature"));
    // Signed by somebody else; and a signature of other bytes.
    ok(&run(&["sign", "vip.wasm", "--key", "a.key"]));
    ok(&run(&["push", "vip.wasm", &tagged]));
    let by_another = refused(&run(&["pull", &tagged, "--out", "x.wasm", "--key", "b.pub"]));
    assert!(by_another.contains("no good signature"), "{by_another}");
    fs::write(desk.path().join("other.wasm"), component("sla-standard")).unwrap();
    ok(&run(&["push", "other.wasm", &registry.at("other:1"), "--signature", "vip.wasm.sig"]));
    let of_others = refused(&run(&["pull", &registry.at("other:1"), "--out", "x.wasm", "--key", "a.pub"]));
    assert!(of_others.contains("no good signature"), "{of_others}");

    // One bit, in the registry's own folder.
    let manifest = registry.document(digest(&by_digest));
    let blob = registry.blob(manifest["layers"][0]["digest"].as_str().unwrap());
    let mut bytes = fs::read(&blob).unwrap();
    bytes[1000] ^= 1;
    fs::write(&blob, bytes).unwrap();
    let spoilt = refused(&run(&["pull", &tagged, "--out", "x.wasm"]));
    assert!(spoilt.contains("is not what was asked for"), "{spoilt}");
    assert!(!desk.path().join("x.wasm").exists(), "nothing was kept");

    // What no server would take is not pushed.
    fs::write(desk.path().join("text.wasm"), "text").unwrap();
    assert!(refused(&run(&["push", "text.wasm", &tagged])).contains("[not-a-component]"));
    let limits = [("MORTISE_REGISTRY__MAX_MIB", "0")];
    let large = plugin(desk.path(), &["pull", &registry.at("other:1"), "--out", "x.wasm"], &limits);
    assert!(refused(&large).contains("more than 0 bytes"));
    assert!(refused(&run(&["pull", "oci://127.0.0.1:1/a:1"])).contains("127.0.0.1:1"), "nobody listens");
    assert!(refused(&run(&["pull", "registry"])).contains("oci://"));
}

#[test]
fn a_registry_that_asks_gets_name_and_password() {
    let Some(registry) = Registry::start(true) else { return };
    let desk = desk();
    let tagged = registry.at("sla-vip:1");
    let denied = refused(&plugin(desk.path(), &["push", "vip.wasm", &tagged], &[]));
    assert!(denied.contains("(401)") && denied.contains("MORTISE_REGISTRY__USER"), "{denied}");
    let user = ("MORTISE_REGISTRY__USER", "test");
    let host = tagged.trim_start_matches("oci://").split('/').next().unwrap();
    let host = ("MORTISE_REGISTRY__HOST", host);
    let wrong = [host, user, ("MORTISE_REGISTRY__PASSWORD", "no")];
    refused(&plugin(desk.path(), &["push", "vip.wasm", &tagged], &wrong));
    // Credentials are for one registry: no other gets them.
    let nowhere = [user, ("MORTISE_REGISTRY__PASSWORD", "s3cret")];
    assert!(refused(&plugin(desk.path(), &["push", "vip.wasm", &tagged], &nowhere)).contains("registry.host"));
    let elsewhere = [("MORTISE_REGISTRY__HOST", "registry.example"), user, ("MORTISE_REGISTRY__PASSWORD", "s3cret")];
    assert!(refused(&plugin(desk.path(), &["push", "vip.wasm", &tagged], &elsewhere)).contains("(401)"));
    let right = [host, user, ("MORTISE_REGISTRY__PASSWORD", "s3cret")];
    ok(&plugin(desk.path(), &["push", "vip.wasm", &tagged], &right));
    ok(&plugin(desk.path(), &["pull", &tagged, "--out", "x.wasm"], &right));
}

#[test]
fn tokens_and_the_referrers_interface_are_spoken() {
    let stub = stub::Stub::start();
    let desk = desk();
    let host = format!("127.0.0.1:{}", stub.port);
    let host = ("MORTISE_REGISTRY__HOST", host.as_str());
    let login = [host, ("MORTISE_REGISTRY__USER", "test"), ("MORTISE_REGISTRY__PASSWORD", "s3cret")];
    let run = |arguments: &[&str]| plugin(desk.path(), arguments, &login);
    ok(&run(&["sign", "vip.wasm", "--key", "a.key"]));
    let tagged = format!("oci://127.0.0.1:{}/team/sla-vip:1", stub.port);
    let denied = refused(&plugin(desk.path(), &["push", "vip.wasm", &tagged], &[]));
    assert!(denied.contains("token"), "{denied}");
    ok(&run(&["push", "vip.wasm", &tagged]));
    let pulled = ok(&run(&["pull", &tagged, "--out", "x.wasm", "--key", "a.pub"]));
    assert!(pulled.contains("(good)"), "{pulled}");
    assert!(stub.tags().iter().all(|tag| !tag.starts_with("sha256-")), "no list under a tag: {:?}", stub.tags());
    let token = [host, ("MORTISE_REGISTRY__TOKEN", stub::TOKEN)];
    ok(&plugin(desk.path(), &["pull", &tagged, "--out", "y.wasm"], &token));

    // A registry that sends something else under the name of a tag, or more than it said.
    stub.lie("manifest");
    let by_digest = pulled.lines().next().unwrap();
    assert!(refused(&run(&["pull", by_digest, "--out", "z.wasm"])).contains("instead of"));
    stub.lie("long-blob");
    assert!(refused(&run(&["pull", by_digest, "--out", "z.wasm"])).contains("more than"));
    stub.lie("page");
    assert!(refused(&run(&["pull", &tagged, "--out", "z.wasm"])).contains("cannot be read"));
}
