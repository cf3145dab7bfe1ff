//! The bytes of attachments: files named by their SHA-256, in folders by its first digits.
//!
//! A file is written beside them under a passing name, made durable, and then renamed: under its own name there is
//! never half a file, and the same bytes are kept once. Nothing is held in memory but a chunk. Nodes that share a
//! database have to share this folder as well.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::StoreError;
use crate::domain::canonical::hex;

/// Bytes read or written at once.
const CHUNK: usize = 256 << 10;
/// A file that is still being written after this was left by a node that died.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);
/// Folder of files that are being written.
const PASSING: &str = "passing";

/// The folder; cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<Path>);

/// A file that is kept now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// How many there are.
    pub size: u64,
}

impl Blobs {
    /// The files below this folder, which is made when the first one comes.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder.into())
    }

    /// Where the bytes with this SHA-256 are, or would be.
    pub fn path(&self, sha256: &str) -> PathBuf {
        let part = |range| sha256.get(range).unwrap_or("xx");
        self.0.join(part(0..2)).join(part(2..4)).join(sha256)
    }

    /// Begins a file; `name` is a passing one that nobody else uses.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub async fn write(&self, name: &str) -> Result<Writing, StoreError> {
        let folder = self.0.join(PASSING);
        let path = folder.join(name);
        let begin = move || {
            fs::create_dir_all(&folder)?;
            sweep(&folder);
            let file = File::create_new(&path)?;
            Ok(Sink { file, path, digest: Sha256::new(), size: 0, renamed: false })
        };
        let sink = blocking(self.0.display().to_string(), begin).await?;
        Ok(Writing { blobs: self.clone(), sink: Some(sink), waiting: Vec::new() })
    }

    /// Opens the bytes with this SHA-256 and checks that they are these: all of them are read once before the first
    /// is given out.
    ///
    /// # Errors
    /// [`StoreError::CorruptFile`] when they are not, or are not there.
    pub async fn read(&self, sha256: &str, size: u64) -> Result<Reading, StoreError> {
        let (path, expected) = (self.path(sha256), sha256.to_owned());
        let shown = path.display().to_string();
        let open = move || match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Err("it is missing".to_owned())),
            Err(e) => Err(e),
            Ok(mut file) => {
                let (found, length) = digest(&mut file)?;
                if found != expected || length != size {
                    return Ok(Err(format!("it has {length} bytes with the SHA-256 {found}")));
                }
                file.rewind()?;
                Ok(Ok(file))
            }
        };
        match blocking(shown.clone(), open).await? {
            Ok(file) => Ok(Reading { file: Some(file) }),
            Err(why) => Err(StoreError::CorruptFile { path: shown, why }),
        }
    }

    /// Checks the bytes with this SHA-256; what is wrong with them, if anything is.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn fault(&self, sha256: &str, size: u64) -> Result<Option<String>, StoreError> {
        match self.read(sha256, size).await {
            Ok(_) => Ok(None),
            Err(StoreError::CorruptFile { why, .. }) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }
}

/// A file that is being written. Dropping it forgets it.
pub struct Writing {
    blobs: Blobs,
    sink: Option<Sink>,
    waiting: Vec<u8>,
}

struct Sink {
    file: File,
    path: PathBuf,
    digest: Sha256,
    size: u64,
    renamed: bool,
}

impl Sink {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Makes the file durable under its own name.
    fn keep(mut self, blobs: &Blobs) -> io::Result<Kept> {
        self.file.sync_all()?;
        let sha256 = hex(&std::mem::take(&mut self.digest).finalize());
        let path = blobs.path(&sha256);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
            // The same bytes take the place of the same bytes; bytes that went bad are so healed.
            fs::rename(&self.path, &path)?;
            self.renamed = true;
            File::open(folder)?.sync_all()?;
        }
        Ok(Kept { sha256, size: self.size })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if !self.renamed {
            // Whatever is left is swept away by a later file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Writing {
    /// Adds bytes.
    ///
    /// # Errors
    /// A full disk, a folder that went away.
    pub async fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let bytes = std::mem::take(&mut self.waiting);
        let Some(mut sink) = self.sink.take() else { return Err(broken(&self.blobs)) };
        let (sink, mut bytes) = blocking(self.blobs.0.display().to_string(), move || {
            sink.put(&bytes)?;
            Ok((sink, bytes))
        })
        .await?;
        bytes.clear();
        (self.sink, self.waiting) = (Some(sink), bytes);
        Ok(())
    }

    /// Keeps the file: durable under its own name when this returns.
    ///
    /// # Errors
    /// A full disk, a folder that went away.
    pub async fn keep(mut self) -> Result<Kept, StoreError> {
        self.flush().await?;
        let Some(sink) = self.sink.take() else { return Err(broken(&self.blobs)) };
        let blobs = self.blobs.clone();
        blocking(self.blobs.0.display().to_string(), move || sink.keep(&blobs)).await
    }
}

/// Bytes that were found good, to be given out in chunks.
pub struct Reading {
    file: Option<File>,
}

impl Reading {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// A disk that fails under the reader.
    pub async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        let read = spawn_blocking(move || {
            let mut bytes = Vec::with_capacity(CHUNK);
            (&mut file).take(CHUNK as u64).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>((file, bytes))
        });
        let (file, bytes) = read.await.map_err(io::Error::other)??;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.file = Some(file);
        Ok(Some(bytes))
    }
}

async fn blocking<T: Send + 'static>(
    path: String,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let done = spawn_blocking(work).await.map_err(io::Error::other).and_then(|result| result);
    done.map_err(|why| StoreError::File { path, why })
}

fn broken(blobs: &Blobs) -> StoreError {
    let why = io::Error::other("the file failed before");
    StoreError::File { path: blobs.0.display().to_string(), why }
}

fn digest(file: &mut File) -> io::Result<(String, u64)> {
    let (mut digest, mut size) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok((hex(&digest.finalize()), size));
        }
        digest.update(&chunk[..count]);
        size += count as u64;
    }
}

/// Removes what nodes that died left behind; what cannot be removed is tried again with the next file.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|meta| meta.modified());
        let age = modified.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        if age.is_ok_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::canonical::sha256;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("mortise-blobs-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    async fn keep(blobs: &Blobs, name: &str, bytes: &[u8]) -> Kept {
        let mut writing = blobs.write(name).await.unwrap();
        for chunk in bytes.chunks(70_001) {
            writing.put(chunk).await.unwrap();
        }
        writing.keep().await.unwrap()
    }

    async fn all(mut reading: Reading) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(chunk) = reading.next().await.unwrap() {
            assert!(chunk.len() <= CHUNK);
            bytes.extend(chunk);
        }
        bytes
    }

    #[tokio::test]
    async fn bytes_come_back_and_are_kept_once() {
        let blobs = Blobs::new(folder("kept"));
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| ((n * 7) >> 3) as u8).collect();
        let kept = keep(&blobs, "one", &bytes).await;
        assert_eq!(kept, Kept { sha256: sha256(&bytes), size: 1_000_000 });
        assert_eq!(keep(&blobs, "two", &bytes).await, kept);
        let empty = keep(&blobs, "three", b"").await;
        assert_eq!(all(blobs.read(&kept.sha256, kept.size).await.unwrap()).await, bytes);
        assert_eq!(all(blobs.read(&empty.sha256, 0).await.unwrap()).await, b"");
        let path = blobs.path(&kept.sha256);
        assert!(path.ends_with(format!("{}/{}/{}", &kept.sha256[..2], &kept.sha256[2..4], kept.sha256)));
        assert_eq!(fs::read_dir(blobs.0.join(PASSING)).unwrap().count(), 0);
        fs::remove_dir_all(&*blobs.0).unwrap();
    }

    #[tokio::test]
    async fn what_went_bad_is_noticed_and_healed_by_the_same_bytes() {
        let blobs = Blobs::new(folder("bad"));
        let kept = keep(&blobs, "one", b"good bytes").await;
        let fault = async || blobs.fault(&kept.sha256, kept.size).await.unwrap();
        assert_eq!(fault().await, None);
        fs::write(blobs.path(&kept.sha256), b"evil bytes").unwrap();
        assert!(fault().await.unwrap().contains(&sha256(b"evil bytes")));
        fs::remove_file(blobs.path(&kept.sha256)).unwrap();
        assert_eq!(fault().await.unwrap(), "it is missing");
        keep(&blobs, "two", b"good bytes").await;
        assert_eq!(fault().await, None);
        fs::remove_dir_all(&*blobs.0).unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_given_up_leaves_nothing() {
        let blobs = Blobs::new(folder("dropped"));
        let mut writing = blobs.write("one").await.unwrap();
        writing.put(&vec![1; CHUNK + 1]).await.unwrap();
        assert_eq!(fs::read_dir(blobs.0.join(PASSING)).unwrap().count(), 1);
        drop(writing);
        assert_eq!(fs::read_dir(blobs.0.join(PASSING)).unwrap().count(), 0);
        fs::remove_dir_all(&*blobs.0).unwrap();
    }
}
