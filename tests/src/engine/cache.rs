//! Compiled components on disk: used when this node wrote them, ignored otherwise.

use std::fs::{self, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mortise::engine::{Engine, EngineConfig, Grants};
use mortise_types::Process;
use tempfile::TempDir;

use super::{answer, case, standard};

fn engine(dir: &Path) -> Engine {
    Engine::new(EngineConfig { cache_dir: Some(dir.to_owned()), concurrent_calls: 4, ..EngineConfig::default() })
        .unwrap()
}

/// Loads the component and has it decide.
async fn decides(engine: &Engine) {
    let prepared = engine.load(standard(Process::Sla), &Grants::all()).await.unwrap();
    let case = case(Process::Sla, "S01");
    assert_eq!(answer(&engine.evaluate(&prepared, &case.request, "{}").await), case.expected);
}

fn artifacts(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    paths.sort();
    paths
}

#[tokio::test]
async fn what_this_node_compiled_is_used_again() {
    let dir = TempDir::new().unwrap();
    decides(&engine(dir.path())).await;
    let [artifact] = &artifacts(dir.path())[..] else { panic!("one artifact") };
    let written = fs::metadata(artifact).unwrap().modified().unwrap();
    decides(&engine(dir.path())).await;
    assert_eq!(fs::metadata(artifact).unwrap().modified().unwrap(), written, "compiled again");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "the key and the artifact, nothing else: {left:?}");
}

#[tokio::test]
async fn a_tampered_artifact_is_compiled_again() {
    let dir = TempDir::new().unwrap();
    decides(&engine(dir.path())).await;
    let [artifact] = &artifacts(dir.path())[..] else { panic!("one artifact") };
    let good = fs::read(artifact).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut shortened = good.clone();
    shortened.truncate(good.len() - 1);
    for bad in [flipped, shortened, Vec::new(), b"\x7fELF".to_vec()] {
        fs::write(artifact, &bad).unwrap();
        decides(&engine(dir.path())).await;
        assert_eq!(fs::read(artifact).unwrap().len(), good.len(), "it was not replaced");
    }
}

#[tokio::test]
async fn an_artifact_of_another_node_is_compiled_again() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    decides(&engine(here.path())).await;
    decides(&engine(there.path())).await;
    let [ours] = &artifacts(here.path())[..] else { panic!("one artifact") };
    let [theirs] = &artifacts(there.path())[..] else { panic!("one artifact") };
    assert_eq!(ours.file_name(), theirs.file_name());
    let foreign = fs::read(theirs).unwrap();
    fs::write(ours, &foreign).unwrap();
    decides(&engine(here.path())).await;
    assert_ne!(fs::read(ours).unwrap(), foreign, "it was not replaced");
}

#[tokio::test]
async fn an_artifact_cannot_stand_in_for_another_component() {
    let dir = TempDir::new().unwrap();
    let engine = engine(dir.path());
    engine.load(standard(Process::Sla), &Grants::all()).await.unwrap();
    let [sla] = &artifacts(dir.path())[..] else { panic!("one artifact") };
    let sla = sla.clone();
    engine.load(standard(Process::Budget), &Grants::all()).await.unwrap();
    let budget = artifacts(dir.path()).into_iter().find(|path| *path != sla).unwrap();
    fs::copy(&sla, &budget).unwrap();
    let loaded = engine.load(standard(Process::Budget), &Grants::all()).await.unwrap();
    assert_eq!(loaded.process(), Process::Budget);
}

#[cfg(unix)]
#[tokio::test]
async fn key_and_artifacts_are_private_and_a_key_that_is_not_is_replaced() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("cache");
    decides(&engine(&folder)).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let key = folder.join("node.key");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&key), 0o600);
    let [artifact] = &artifacts(&folder)[..] else { panic!("one artifact") };
    assert_eq!(mode(artifact), 0o600);

    let (old_key, old_artifact) = (fs::read(&key).unwrap(), fs::read(artifact).unwrap());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    decides(&engine(&folder)).await;
    assert_ne!(fs::read(&key).unwrap(), old_key);
    assert_ne!(fs::read(artifact).unwrap(), old_artifact, "sealed with a key that others know");
}

#[tokio::test]
async fn what_nobody_uses_leaves_the_disk_and_what_is_used_stays() {
    let dir = TempDir::new().unwrap();
    let with = |days: u64, bytes: u64| {
        Engine::new(EngineConfig {
            cache_dir: Some(dir.path().to_owned()),
            concurrent_calls: 4,
            cache_unused: Duration::from_secs(days * 86_400),
            cache_bytes: bytes,
            ..EngineConfig::default()
        })
        .unwrap()
    };
    let engine = with(30, 1 << 30);
    for process in [Process::Sla, Process::Budget] {
        engine.load(standard(process), &Grants::none()).await.unwrap();
    }
    let sla = mortise::domain::canonical::sha256(&standard(Process::Sla));
    let of_sla = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&sla);
    let long_ago = SystemTime::now() - Duration::from_secs(40 * 86_400);
    let age = |path: &Path| {
        let times = FileTimes::new().set_accessed(long_ago).set_modified(long_ago);
        fs::File::open(path).unwrap().set_times(times).unwrap();
    };
    artifacts(dir.path()).iter().for_each(|path| age(path));
    let dead = dir.path().join(".0123.tmp");
    fs::write(&dead, b"half").unwrap();
    age(&dead);
    // Used again today.
    assert!(engine.load_kept(&sla, &Grants::none()).await.is_some());
    assert_eq!(engine.prune_cache().await, 2);
    assert!(artifacts(dir.path()).iter().all(of_sla) && !dead.exists());

    // Too many bytes: the one used longest ago goes.
    engine.load(standard(Process::Budget), &Grants::none()).await.unwrap();
    let budget = artifacts(dir.path()).into_iter().find(|path| !of_sla(path)).unwrap();
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    let times = FileTimes::new().set_accessed(yesterday).set_modified(yesterday);
    fs::File::open(&budget).unwrap().set_times(times).unwrap();
    let room = artifacts(dir.path()).iter().map(|path| fs::metadata(path).unwrap().len()).max().unwrap();
    assert_eq!(with(30, room).prune_cache().await, 1);
    assert!(artifacts(dir.path()).iter().all(of_sla));
    assert!(engine.load_kept(&sla, &Grants::none()).await.is_some(), "the key stays");
}
