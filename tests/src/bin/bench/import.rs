//! (c) Events per second of an import.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use mortise_tests::app::components;

use crate::binary;

/// Incidents of the made-up log; each has six events, about the real log's mean.
const INCIDENTS: usize = 4_000;

pub(crate) fn run(log: Option<&Path>) {
    let dir = tempfile::tempdir().unwrap();
    let (file, what): (PathBuf, &str) = match log {
        Some(log) => (log.to_owned(), "the given log"),
        None => {
            let file = dir.path().join("log.csv");
            make(&file);
            (file, "a made-up log of the same form")
        }
    };
    let mapping = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/mappings/incident_event_log.toml");
    let begun = Instant::now();
    let output = Command::new(binary())
        .arg("--data-dir")
        .arg(dir.path())
        .args(["import", "--mapping", mapping, "--components"])
        .arg(components())
        .arg(&file)
        .output()
        .unwrap();
    let took = begun.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let events: f64 =
        text.lines().find_map(|l| l.strip_prefix("events written")).and_then(|l| l.trim().parse().ok()).unwrap();
    println!("(c) import of {what}: {events:.0} events in {took:.1} s, start and scenario included");
    println!("    events per second       {:>8.0}   (bound: at least 3000)", events / took);
    for line in text.lines() {
        println!("      {line}");
    }
}

fn make(file: &Path) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).unwrap());
    let header = "number,ident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,\
                  opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,\
                  location,category,category,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,\
                  knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,\
                  resolved_at,closed_at";
    writeln!(out, "{header}").unwrap();
    for n in 0..INCIDENTS {
        let (month, day) = (n / 28 % 12 + 1, n % 28 + 1);
        let opened = format!("{day}/{month}/2016 08:{:02}", n % 60);
        let resolved = format!("{day}/{month}/2016 15:{:02}", n % 60);
        let impact = n % 3 + 1;
        let urgency = if impact == 1 { 1 } else { 2 };
        for (i, state) in ["New", "Active", "Active", "Awaiting User Info", "Resolved", "Closed"].iter().enumerate() {
            writeln!(
                out,
                "INC{n:07},{state},true,0,0,{i},true,{},8,{opened},6,{opened},21,{day}/{month}/2016 {:02}:{:02},Phone,\
                 143,{},170,72,?,{impact},{urgency},3,{},{},true,false,Do Not Notify,?,?,?,?,5,149,{resolved},?",
                n % 900,
                9 + i,
                n % 60,
                n % 50,
                n % 60,
                n % 200,
            )
            .unwrap();
        }
    }
}
