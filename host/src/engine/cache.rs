//! Compiled components on disk, by digest of the component and by what compiled
//! it. A start with a hundred components compiles none of them again.

use std::fs::{self, File, FileTimes, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;

use super::artifact::{self, Artifact};
use super::mac::LEN;

/// The key of this node, in the cache's folder.
const KEY_FILE: &str = "node.key";
/// A temporary file of this age belongs to a process that died.
const LEFT_OVER: Duration = Duration::from_secs(60 * 60);

/// A folder of compiled components that only this node reads and writes.
pub(super) struct Cache {
    dir: PathBuf,
    key: [u8; LEN],
    /// Hash of wasmtime's version, its configuration and the CPU's features.
    environment: String,
}

impl Cache {
    /// Opens a folder, making it and the node's key if they are missing.
    pub(super) fn open(dir: &Path, engine: &wasmtime::Engine) -> io::Result<Self> {
        make_dir(dir)?;
        let key = node_key(dir)?;
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let environment = hex(&hasher.0.finalize()[..8]);
        Ok(Self { dir: dir.to_owned(), key, environment })
    }

    /// A component compiled earlier by this node. A file that is missing, was
    /// tampered with or comes from elsewhere is as good as none.
    pub(super) fn load(&self, engine: &wasmtime::Engine, digest: &str) -> Option<Component> {
        let name = self.name(digest);
        let path = self.dir.join(&name);
        let sealed = match fs::read(&path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a compiled component cannot be read");
                return None;
            }
        };
        let component = artifact::open(engine, &self.key, &name, &sealed);
        if component.is_some() {
            // What is used is kept; a folder that cannot say so keeps it for as long as it was written.
            let _ = File::open(&path).and_then(|file| file.set_times(FileTimes::new().set_accessed(SystemTime::now())));
        } else {
            tracing::warn!(
                path = %path.display(),
                "a compiled component was not written by this node for this engine; it is compiled again"
            );
            // Nobody can use it; whoever looks again finds none.
            let _ = fs::remove_file(&path);
        }
        component
    }

    /// Keeps a component for the next start. Readers see all of it or nothing.
    pub(super) fn save(&self, digest: &str, artifact: &Artifact) -> io::Result<()> {
        let name = self.name(digest);
        let sealed = artifact::seal(&self.key, &name, artifact.bytes());
        let temporary = self.dir.join(temporary_name()?);
        let written = write_private(&temporary, &sealed).and_then(|()| fs::rename(&temporary, self.dir.join(name)));
        if written.is_err() {
            // The name is ours alone; a left-over would only take room.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Removes artifacts that were not used for `unused`, and then those not used for the longest time until the rest
    /// takes no more than `most` bytes. Gives how many went. What is needed later is compiled again.
    pub(super) fn prune(&self, unused: Duration, most: u64, now: SystemTime) -> io::Result<usize> {
        let mut kept = Vec::new();
        let mut removed = 0;
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let left_over = name.starts_with('.') && name.ends_with(".tmp");
            if !left_over && path.extension().is_none_or(|extension| extension != "cwasm") {
                continue;
            }
            // Another process of this node may have removed it.
            let Ok(about) = fs::metadata(&path) else { continue };
            let used = [about.accessed(), about.modified()].into_iter().flatten().max().unwrap_or(now);
            let idle = now.duration_since(used).unwrap_or_default();
            if idle > if left_over { LEFT_OVER } else { unused } {
                removed += usize::from(fs::remove_file(&path).is_ok());
            } else if !left_over {
                kept.push((idle, about.len(), path));
            }
        }
        kept.sort();
        let mut total: u64 = 0;
        for (_, size, path) in kept {
            total = total.saturating_add(size);
            if total > most {
                removed += usize::from(fs::remove_file(&path).is_ok());
            }
        }
        Ok(removed)
    }

    fn name(&self, digest: &str) -> String {
        format!("{digest}.{}.cwasm", self.environment)
    }
}

/// The key of this node: 32 random bytes that nobody else may read.
fn node_key(dir: &Path) -> io::Result<[u8; LEN]> {
    let path = dir.join(KEY_FILE);
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    let mut key = [0; LEN];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let temporary = dir.join(temporary_name()?);
    write_private(&temporary, &key)?;
    // A link appears with its whole content, and fails if another process of
    // this node was faster; then its key counts. Where the file system has no
    // links, the last one counts, and the others compile once more.
    match fs::hard_link(&temporary, &path) {
        Ok(()) => fs::remove_file(&temporary)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::remove_file(&temporary)?,
        Err(_) => fs::rename(&temporary, &path)?,
    }
    read_key(&path)?.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the node key is not usable"))
}

/// Reads the key. One that others could have read or that is cut short is
/// removed, and with it the trust in all that it sealed.
fn read_key(path: &Path) -> io::Result<Option<[u8; LEN]>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut key = Vec::with_capacity(LEN + 1);
    let private = is_private(&file)?;
    file.take(LEN as u64 + 1).read_to_end(&mut key)?;
    match <[u8; LEN]>::try_from(key) {
        Ok(key) if private => Ok(Some(key)),
        _ => {
            tracing::warn!(path = %path.display(), "the node key is damaged or not private; it is replaced");
            fs::remove_file(path)?;
            Ok(None)
        }
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(unix)]
fn is_private(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_file: &File) -> io::Result<bool> {
    Ok(true)
}

/// A name that no other thread or process uses, nor one that died before: in a
/// container every start has the same process id.
fn temporary_name() -> io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!(".{}.tmp", hex(&random)))
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Feeds what `Hash` gives to SHA-256, so that the result does not depend on the
/// standard library's own hasher.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        u64::from_le_bytes(std::array::from_fn(|i| digest[i]))
    }
}
