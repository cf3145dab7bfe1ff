//! `mortise plugin key`, `sign` and `verify`: a publisher's desk; no server, no database.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use mortise::domain::signature::{Algorithm, PrivateKey, PublicKey, Signature};

use super::Usage;
use super::plugin::bytes;

/// Keys that sign components.
#[derive(Subcommand)]
pub(crate) enum Key {
    /// Make a key: NAME.key (PKCS#8, for you alone) and NAME.pub (SPKI, for those who trust you).
    New {
        /// Path of both files, without ending.
        name: PathBuf,
        /// ed25519 or ecdsa-p256.
        #[arg(long, default_value = "ed25519", value_parser = algorithm)]
        algorithm: Algorithm,
    },
    /// Show a key's algorithm and id; takes private and public keys.
    Show {
        /// Key file (PEM).
        file: PathBuf,
    },
}

/// Sign a component: writes a small file beside it that says by which key.
#[derive(Args)]
pub(crate) struct Sign {
    /// Component file (.wasm).
    component: PathBuf,
    /// Private key (PKCS#8 in PEM, not encrypted): Ed25519, or ECDSA on P-256.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where the signature goes; by default the component's path and .sig.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Check a component's signature.
#[derive(Args)]
pub(crate) struct Verify {
    /// Component file (.wasm).
    component: PathBuf,
    /// Public key (SPKI in PEM).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The signature; by default the component's path and .sig.
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse()
}

impl Key {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New { name, algorithm } => {
                let key = PrivateKey::generate(algorithm)?;
                let (private, public) = (with_ending(&name, ".key"), with_ending(&name, ".pub"));
                // Both or none: a key whose other half cannot be written is of no use.
                if public.exists() {
                    return Err(Usage(format!("{} is there; nothing was written", public.display())).into());
                }
                write_new(&private, &key.to_pem(), true)?;
                write_new(&public, &key.public().to_pem(), false)?;
                say!("{algorithm} {}", key.public().id());
                say!("private key: {} (keep it to yourself)", private.display());
                say!("public key:  {}", public.display());
            }
            Self::Show { file } => {
                let text = text(&file)?;
                let public = match PublicKey::from_pem(&text) {
                    Ok(public) => public,
                    Err(_) => private_key(&file, &text)?.public().clone(),
                };
                say!("{} {}", public.algorithm(), public.id());
            }
        }
        Ok(())
    }
}

impl Sign {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let key = private_key(&self.key, &text(&self.key)?)?;
        let component = bytes(&self.component)?;
        if !component.starts_with(b"\0asm") {
            return Err(Usage(format!("{} is no WebAssembly", self.component.display())).into());
        }
        let signature = key.sign(&component)?;
        let out = self.out.unwrap_or_else(|| beside(&self.component));
        fs::write(&out, signature.to_string()).with_context(|| out.display().to_string())?;
        say!("{} by {} {}", out.display(), signature.algorithm, signature.key);
        Ok(())
    }
}

impl Verify {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let key = public_key(&self.key)?;
        let file = self.signature.unwrap_or_else(|| beside(&self.component));
        let read = fs::read(&file).map_err(|e| Usage(format!("signature {}: {e}", file.display())))?;
        let signature = Signature::parse(&read).map_err(|why| Usage(format!("{}: {why}", file.display())))?;
        check(&key, &bytes(&self.component)?, &signature)?;
        say!("good: {} {}", signature.algorithm, signature.key);
        Ok(())
    }
}

/// That a key made a signature, or why not.
pub(super) fn check(key: &PublicKey, component: &[u8], signature: &Signature) -> anyhow::Result<()> {
    if key.id() != signature.key {
        let message = format!("the signature is by the key {}, not by {}", signature.key, key.id());
        return Err(Usage(message).into());
    }
    if !key.verify(component, signature) {
        return Err(Usage("the signature is not of these bytes".to_owned()).into());
    }
    Ok(())
}

/// Where a component's signature lies unless told otherwise.
pub(super) fn beside(component: &Path) -> PathBuf {
    with_ending(component, ".sig")
}

pub(super) fn public_key(file: &Path) -> anyhow::Result<PublicKey> {
    Ok(PublicKey::from_pem(&text(file)?).map_err(|e| Usage(format!("{}: {e}", file.display())))?)
}

fn private_key(file: &Path, text: &str) -> anyhow::Result<PrivateKey> {
    Ok(PrivateKey::from_pem(text).map_err(|e| Usage(format!("{}: {e}", file.display())))?)
}

fn text(file: &Path) -> anyhow::Result<String> {
    Ok(fs::read_to_string(file).map_err(|e| Usage(format!("{}: {e}", file.display())))?)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes a file that is not there yet; a private one for its owner's eyes only.
fn write_new(path: &Path, text: &str, private: bool) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if private { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = private;
    let mut file = options.open(path).map_err(|e| Usage(format!("{}: {e}", path.display())))?;
    file.write_all(text.as_bytes()).with_context(|| path.display().to_string())
}
