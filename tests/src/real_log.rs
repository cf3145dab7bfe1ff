//! A year of a real service desk: what halving one target would have changed, against a computation of its own.
//!
//! The log (see `host/mappings/incident_event_log.toml`) is too large to be kept here. `MORTISE_TEST_LOG` says where it
//! is, the CSV or the archive it comes in; without it `cargo xtask test` says SKIPPED.

mod oracle;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use mortise::domain::Role;
use mortise::flows::import::{Header, Importer, Mapping, Report, Row};
use mortise::flows::jobs;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG};

const MAPPING: &str = include_str!("../../host/mappings/incident_event_log.toml");

/// The incidents of the whole log.
const INCIDENTS: usize = 24_918;

/// The text of the log; `None` when nobody said where it is.
fn log() -> Option<String> {
    let path = std::env::var_os("MORTISE_TEST_LOG").filter(|path| !path.is_empty())?;
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("MORTISE_TEST_LOG {}: {e}", path.display()));
    if !bytes.starts_with(b"PK") {
        return Some(String::from_utf8(bytes).unwrap());
    }
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    Some(text)
}

/// The log's rows, without the header: nothing in it is quoted.
fn rows(log: &str) -> impl Iterator<Item = (u64, Vec<&str>)> {
    log.lines().enumerate().skip(1).map(|(n, line)| (n as u64 + 1, line.split(',').collect()))
}

async fn import(app: &Desktop, log: &str) -> Report {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let head = log.lines().next().unwrap();
    let header = Header::read(head.split(',').map(str::to_owned), &mapping).unwrap();
    let mut importer = Importer::prepare(&app.desk, ORG, mapping, header).await.unwrap();
    let mut told: Vec<Row> = Vec::new();
    for (line, cells) in rows(log) {
        let row = Row { line, cells: cells.into_iter().map(str::to_owned).collect() };
        if told.first().is_some_and(|first| first.cells[0] != row.cells[0]) {
            importer.add(told[0].cells[0].clone(), std::mem::take(&mut told)).await.unwrap();
        }
        importer.key(&row).unwrap();
        told.push(row);
    }
    importer.add(told[0].cells[0].clone(), told).await.unwrap();
    importer.finish().await.unwrap()
}

/// The settings that came with the log, and so many seconds to restore a P3.
fn settings(resolution_s: i64) -> Value {
    let mut settings = Mapping::parse(MAPPING).unwrap().scenario.activation.remove(0).settings;
    let targets = json!({
        "P1": { "response_s": 900, "resolution_s": 7200, "calendar": "24x7" },
        "P2": { "response_s": 1800, "resolution_s": 14_400, "calendar": "24x7" },
        "P3": { "response_s": 3600, "resolution_s": resolution_s, "calendar": "business" },
        "P4": { "response_s": 7200, "resolution_s": 86_400, "calendar": "business" },
    });
    settings.insert("targets".to_owned(), targets);
    settings.into()
}

/// The foreign numbers of the records whose decision flips.
async fn flips(owner: &Client, report: &str) -> BTreeSet<String> {
    let lines = owner.get(&format!("/backtests/{report}/export?format=jsonl&sort=flips")).await;
    let mut found = BTreeSet::new();
    for line in lines.text.lines() {
        let flip: Value = serde_json::from_str(line).unwrap();
        let number = flip["record"].as_str().unwrap();
        let record = owner.get(&format!("/records/incident/{number}")).await.ok();
        let foreign = record["external_id"].as_str().unwrap().strip_prefix("incident-event-log:").unwrap();
        assert!(found.insert(foreign.to_owned()), "{foreign} flips once");
    }
    found
}

#[test]
fn half_the_time_for_p3_flips_exactly_the_incidents_that_it_should() {
    let Some(log) = log() else {
        eprintln!("SKIPPED: MORTISE_TEST_LOG does not say where the log is");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = Desktop::start(None).await;
        let report = import(&app, &log).await;
        assert_eq!((report.records, report.refused_rows()), (INCIDENTS as u64, 0), "{:?}", report.refused);

        let owner = app.actor("owner", &[Role::Po, Role::Sd]).await;
        let started = owner.post("/backtests", json!({"process": "sla", "settings": settings(14_400)})).await.ok();
        assert_eq!(started["input"]["decisions"], INCIDENTS);
        jobs::run(&app.desk).await.unwrap();
        let id = started["id"].as_str().unwrap();
        let report = owner.get(&format!("/backtests/{id}")).await.ok();
        assert_eq!((&report["state"], &report["summary"]["fails"]), (&json!("done"), &json!(0)), "{report}");

        let (mut expected, mut words) = (BTreeSet::new(), BTreeMap::new());
        for incident in oracle::incidents(rows(&log).map(|(_, cells)| cells)) {
            let (was, is) = (incident.judgement(28_800), incident.judgement(14_400));
            if was != is {
                *words.entry(format!("resolution: {was} → {is}")).or_insert(0) += 1;
                expected.insert(incident.number);
            }
        }
        assert!(expected.len() > 1000, "{} incidents of P3 lie between four and eight hours", expected.len());
        assert_eq!(report["summary"]["flips"], expected.len(), "{report}");
        assert_eq!(flips(&owner, id).await, expected);
        // No group says anything else, nor of more incidents.
        let groups = report["summary"]["groups"].as_array().unwrap().iter();
        let told = groups.map(|group| (group["group"].as_str().unwrap().to_owned(), group["count"].as_i64().unwrap()));
        let told: BTreeMap<String, i64> = told.filter(|(group, _)| group != "figures").collect();
        assert_eq!(told, words);
        assert!(words.contains_key("resolution: met after a breach → breached"), "{words:?}");
    });
}
