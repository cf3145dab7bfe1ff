//! An organisation leaves one installation and is itself in another.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

use mortise::domain::{Actor, Role, audit, canonical};
use mortise::flows::archive::{self, Archive, Manifest, Restored};
use mortise::flows::{FlowError, verify};
use serde_json::{Value, json};

use crate::app::{Desktop, ORG, for_each_db};
use crate::postgres::Postgres;

/// Bytes of an archive of an organisation.
async fn pack(app: &Desktop, org: &str) -> Vec<u8> {
    let mut archive = Archive::begin(&app.desk, &Actor::user(org, "keeper", [Role::Adm])).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(part) = archive.part().await.unwrap() {
        bytes.extend(part);
    }
    bytes
}

async fn unpack(app: &Desktop, bytes: &[u8], org: Option<&str>) -> Result<Restored, FlowError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    archive::restore(&app.desk, file, "org.zip", org, "keeper").await
}

fn refusal(result: Result<Restored, FlowError>) -> (String, String) {
    match result {
        Err(FlowError::Refused(refusal)) => (refusal.rule.to_string(), refusal.message),
        other => panic!("{other:?}"),
    }
}

/// Members of an archive by name.
fn members(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut member = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            (member.name().unwrap().into_owned(), content)
        })
        .collect()
}

/// Rows of a member in one order, whatever order the database gave them.
fn rows(members: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<String> {
    let mut rows: Vec<String> = String::from_utf8(members[name].clone()).unwrap().lines().map(str::to_owned).collect();
    if name == "audit.jsonl" {
        rows.sort_by_key(|row| serde_json::from_str::<Value>(row).unwrap()["seq"].as_i64());
    } else {
        rows.sort();
    }
    rows
}

/// The same, sealed as our own archives are.
fn repack(members: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.set_comment(format!("mortise-archive sha256:{}", "0".repeat(64))).unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    bytes.truncate(bytes.len() - 64);
    let seal = canonical::sha256(&bytes);
    bytes.extend(seal.as_bytes());
    bytes
}

/// Puts a member's checksum and length into the manifest, as a forger would.
fn forge(members: &mut BTreeMap<String, Vec<u8>>, name: &str, content: Vec<u8>) {
    let mut manifest: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    for member in manifest["members"].as_array_mut().unwrap().iter_mut().filter(|m| m["name"] == name) {
        member["sha256"] = canonical::sha256(&content).into();
        member["bytes"] = content.len().into();
    }
    members.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    members.insert(name.to_owned(), content);
}

async fn furnish(app: &Desktop) -> crate::app::Agreed {
    let agreed = app.agreed_service("Mail").await;
    let agent = app.agent().await;
    for n in 0..8 {
        let number = agent
            .create(
                "incident",
                json!({"title": format!("Störung {n} 中文"), "service": agreed.service, "customer": agreed.customer,
                       "caller": "li", "channel": "mail", "category": "mail", "impact": n % 3 + 1, "urgency": 2,
                       "external_id": format!("x-{n}")}),
            )
            .await;
        agent.post(&format!("/records/incident/{number}/comments"), json!({"text": format!("zebra {n}")})).await.ok();
        let file = Some(format!("file {}", n % 3).into_bytes());
        let path = format!("/records/incident/{number}/attachments?name=note-{n}.txt");
        agent.send("POST", &path, &[("content-type", "text/plain")], file).await.ok();
        if n % 2 == 0 {
            agent.go("incident", &number, "assigned", json!({"assigned_group": "first", "assignee": "agent"})).await;
        }
    }
    agreed
}

/// A kind of the organisation's own, twice changed, with a record of its first version.
const SHELF: &str = r#"
prefix = "SHF"
slug = "shelf"
name = { en = "Shelf", zh = "货架" }
process = "P27"
clause = "8.2.6"
initial = "open"
[access]
create = ["TE"]
read = ["any"]
update = ["TE"]
[[state]]
name = "open"
label = { en = "Open", zh = "开放" }
[[field]]
name = "boards"
type = "int"
indexed = true
label = { en = "Boards", zh = "层数" }
"#;

async fn shape(app: &Desktop) {
    let kind = [("content-type", "application/toml")];
    let adm = app.administrator().await;
    adm.send("POST", "/kinds", &kind, Some(SHELF.as_bytes().to_vec())).await.ok();
    let technician = app.technician().await;
    technician.create("shelf", json!({"title": "first", "boards": 5})).await;
    let more = format!(
        "{SHELF}[[field]]\nname = \"room\"\ntype = \"str\"\nindexed = true\nlabel = {{ en = \"Room\", zh = \"房间\" }}\n"
    );
    adm.send("PUT", "/kinds/shelf", &kind, Some(more.into_bytes())).await.ok();
    technician.create("shelf", json!({"title": "second", "boards": 2, "room": "cellar"})).await;
}

async fn clean(app: &Desktop, org: &str) {
    let mut found = Vec::new();
    let summary = verify::run(&app.desk, org, &mut |finding| found.push(finding)).await.unwrap();
    assert!(summary.is_clean() && found.is_empty(), "{org}: {found:#?}");
    assert!(summary.records > 10 && summary.decisions > 5, "{summary:?}");
}

/// The second archive holds what the first one does, and two more audit entries.
fn equal(first: &[u8], second: &[u8]) {
    let (first, second) = (members(first), members(second));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for name in first.keys().filter(|name| *name != "manifest.json") {
        if name.contains('/') {
            assert_eq!(canonical::sha256(&first[name]), canonical::sha256(&second[name]), "{name}");
            continue;
        }
        let (before, after) = (rows(&first, name), rows(&second, name));
        match name.as_str() {
            "audit.jsonl" => {
                assert_eq!(before[..], after[..before.len()], "{name}");
                let more: Vec<Value> =
                    after[before.len()..].iter().map(|row| serde_json::from_str(row).unwrap()).collect();
                let actions: Vec<&str> = more.iter().map(|row| row["action"].as_str().unwrap()).collect();
                assert_eq!(actions, ["restore", "archive"]);
            }
            _ => assert_eq!(before, after, "{name}"),
        }
        let full = ["records", "audit", "events", "decisions", "timers", "counters", "activations", "settings_texts"];
        let full = full.iter().any(|table| *name == format!("{table}.jsonl"));
        assert!(!before.is_empty() || !full, "{name} is empty");
    }
}

#[test]
fn from_sqlite_to_postgres_and_back() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(server) = Postgres::shared() else {
            eprintln!("SKIPPED: no PostgreSQL binaries");
            return;
        };
        let here = Desktop::start(None).await;
        let there = here.elsewhere(Some(server.database())).await;
        let back = here.elsewhere(None).await;
        let agreed = furnish(&here).await;
        shape(&here).await;
        let first = pack(&here, ORG).await;
        let manifest: Manifest = serde_json::from_slice(&members(&first)["manifest.json"]).unwrap();
        assert_eq!((manifest.version, manifest.organisation.id.as_str()), (1, ORG));

        let restored = unpack(&there, &first, Some("moved")).await.unwrap();
        assert_eq!((restored.org.as_str(), &restored.manifest), ("moved", &manifest));
        clean(&there, "moved").await;
        let second = pack(&there, "moved").await;
        equal(&first, &second);

        unpack(&back, &second, Some("again")).await.unwrap();
        clean(&back, "again").await;
        equal(&second, &pack(&back, "again").await);

        // It lives on: kinds, numbers, components and timers.
        let technician = there.actor_of("moved", "technician", &[Role::Te]).await;
        let shelves = technician.get("/records/shelf?room=cellar").await.ok();
        assert_eq!(shelves["records"][0]["boards"], 2, "{shelves}");
        technician.patch("/records/shelf/SHF-2026-000001", json!({"room": "attic"})).await.ok();
        let agent = there.actor_of("moved", "agent", &[Role::Sd]).await;
        let fields = json!({"title": "after the move", "service": agreed.service, "customer": agreed.customer,
                            "caller": "li", "channel": "mail", "category": "mail", "impact": 1, "urgency": 1});
        let record = agent.post("/records/incident", fields).await.ok();
        let number = record["number"].as_str().unwrap();
        assert!(number > "INC-2026-000008", "{number}");
        assert_eq!(record["priority"], "P1", "{record}");
        // Words of comments are found, and attachments are read.
        let found = agent.get("/records/incident?q=zebra").await.ok();
        assert_eq!(found["records"].as_array().unwrap().len(), 8, "{found}");
        let listed = agent.get("/records/incident/INC-2026-000002/attachments").await.ok();
        let id = listed["attachments"][0]["id"].as_str().unwrap().to_owned();
        let file = agent.get(&format!("/records/incident/INC-2026-000002/attachments/{id}")).await;
        assert_eq!(file.text, "file 1");
        assert!(there.at("2026-03-03T05:00:00Z").await > 0);
        clean(&there, "moved").await;
        let entries = there.desk.store.audit_after("moved", 0, 10_000).await.unwrap();
        audit::verify(audit::Verified::default(), &entries).unwrap();
        // Another organisation of that database has nothing of it.
        let other = there.agent().await;
        assert!(other.get("/records/incident").await.ok()["records"].as_array().unwrap().is_empty());
    });
}

#[test]
fn a_damaged_archive_is_refused_and_nothing_changes() {
    for_each_db(|app| async move {
        furnish(&app).await;
        let bytes = pack(&app, ORG).await;
        let postgres = app.config.database.url.is_some().then(|| Postgres::shared().unwrap().database());
        let empty = app.elsewhere(postgres).await;
        let heads = async |app: &Desktop| {
            let store = &app.desk.store;
            (store.organisations().await.unwrap(), store.audit_head(ORG).await.unwrap())
        };
        let before = heads(&app).await;
        // A simple generator is enough for places.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut place = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).unwrap()
        };
        for _ in 0..20 {
            let cut = place(bytes.len());
            let (rule, message) = refusal(unpack(&empty, &bytes[..cut], Some("copy")).await);
            assert_eq!(rule, "archive-damaged", "cut at {cut}: {message}");
            assert!(message.starts_with("org.zip: "), "{message}");
        }
        for _ in 0..40 {
            let (at, bit) = (place(bytes.len()), place(8));
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let (rule, message) = refusal(unpack(&empty, &flipped, Some("copy")).await);
            assert_eq!(rule, "archive-damaged", "bit {bit} of byte {at}: {message}");
        }
        let mut longer = bytes.clone();
        longer.push(b'0');
        assert_eq!(refusal(unpack(&empty, &longer, Some("copy")).await).0, "archive-damaged");
        assert_eq!(refusal(unpack(&empty, b"", Some("copy")).await).0, "archive-damaged");

        // Forged with the right seal: a member that its manifest does not know, an audit trail that does not hold.
        let whole = members(&bytes);
        let mut more = whole.clone();
        more.insert("extra.jsonl".to_owned(), b"{}\n".to_vec());
        assert_eq!(refusal(unpack(&empty, &repack(&more), Some("copy")).await).0, "archive-damaged");
        let mut less = whole.clone();
        less.remove("records.jsonl");
        assert_eq!(refusal(unpack(&empty, &repack(&less), Some("copy")).await).0, "archive-damaged");
        let mut forged = whole.clone();
        let text = String::from_utf8(whole["audit.jsonl"].clone()).unwrap();
        forge(&mut forged, "audit.jsonl", text.replacen("\"actor\":\"agent\"", "\"actor\":\"nobody\"", 1).into_bytes());
        let (rule, message) = refusal(unpack(&empty, &repack(&forged), Some("copy")).await);
        assert!(rule == "archive-damaged" && message.contains("was changed after it was written"), "{message}");
        let mut forged = whole.clone();
        let text = String::from_utf8(whole["records.jsonl"].clone()).unwrap();
        forge(&mut forged, "records.jsonl", text.replacen("\"revision\":1", "\"revision\":\"x\"", 1).into_bytes());
        let (rule, message) = refusal(unpack(&empty, &repack(&forged), Some("copy")).await);
        assert!(rule == "archive-damaged" && message.contains("records.jsonl, line"), "{message}");
        for (field, value, expected) in [
            ("version", json!(2), "archive-version"),
            ("schema", json!(9999), "archive-version"),
            ("format", json!("x"), "archive-damaged"),
        ] {
            let mut other = whole.clone();
            let mut manifest: Value = serde_json::from_slice(&whole["manifest.json"]).unwrap();
            manifest[field] = value;
            other.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
            assert_eq!(refusal(unpack(&empty, &repack(&other), Some("copy")).await).0, expected);
        }

        // The organisation is here already, under its own name and under its rows.
        assert_eq!(refusal(unpack(&app, &bytes, None).await).0, "organisation-exists");
        assert_eq!(refusal(unpack(&app, &bytes, Some("copy")).await).0, "organisation-exists");
        assert_eq!(heads(&app).await, before);
        assert_eq!(heads(&empty).await, (Vec::new(), None));
        assert!(empty.desk.store.components("copy").await.unwrap().is_empty());
        unpack(&empty, &bytes, Some("copy")).await.unwrap();
        clean(&app, ORG).await;
    });
}

#[test]
fn an_older_archive_brings_the_trust_that_held_when_it_was_made() {
    for_each_db(|app| async move {
        let mut whole = members(&pack(&app, ORG).await);
        // Before organisations named what they take, none had to have a policy.
        forge(&mut whole, "trust_policies.jsonl", Vec::new());
        for (schema, org, expected) in [(25, "newer", ("allow-named", 4)), (24, "older", ("allow", 0))] {
            let mut manifest: Value = serde_json::from_slice(&whole["manifest.json"]).unwrap();
            manifest["schema"] = json!(schema);
            for member in manifest["members"].as_array_mut().unwrap() {
                if member["name"] == "trust_policies.jsonl" {
                    member["rows"] = json!(0);
                }
            }
            let mut forged = whole.clone();
            forged.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
            let postgres = app.config.database.url.is_some().then(|| Postgres::shared().unwrap().database());
            let there = app.elsewhere(postgres).await;
            unpack(&there, &repack(&forged), Some(org)).await.unwrap();
            let admin = there.actor_of(org, "administrator", &[Role::Adm]).await;
            let trust = admin.get("/trust").await.ok();
            let distrusted = trust["distrusted"].as_array().unwrap().len();
            assert_eq!((trust["unsigned"].as_str().unwrap(), distrusted), expected, "{trust}");
        }
    });
}

#[test]
fn an_administrator_fetches_the_archive_over_the_interface() {
    for_each_db(|app| async move {
        furnish(&app).await;
        app.agent().await.post("/archive", json!({})).await.problem(403, "role");
        let answer = app.administrator().await.send("POST", "/archive", &[], None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/zip");
        assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"main-2026-03-03.zip\"");
        let mut names: Vec<String> = members(&answer.bytes).into_keys().collect();
        assert!(!names.iter().any(|name| name.contains("tokens") || name.contains("idempotency")), "{names:?}");
        names.retain(|name| name.starts_with("components/"));
        assert_eq!(names.len(), 4);
        let head = app.desk.store.audit_head(ORG).await.unwrap().unwrap();
        let last = app.desk.store.audit_after(ORG, head.0 - 1, 1).await.unwrap();
        assert_eq!((last[0].action.as_str(), last[0].actor.as_str()), ("archive", "administrator"));
        let target = app.elsewhere(None).await;
        unpack(&target, &answer.bytes, Some("elsewhere")).await.unwrap();
        clean(&target, "elsewhere").await;
    });
}

#[test]
fn archive_and_restore_on_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(crate::app::binary()).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (here, there, file) = (path("here"), path("there"), path("main.zip"));
    let fields = json!({"title": "Mail", "outcome": "it works", "criticality": 3}).to_string();
    run(&["--data-dir", &here, "token", "create", "--user", "a", "--roles", "ADM"]);
    let made = run(&["--data-dir", &here, "record", "create", "service", &fields, "--roles", "PO"]);
    assert_eq!(made.0, 0, "{}", made.2);
    let csv = path("services.csv");
    let made = run(&["--data-dir", &here, "export", "service", "--out", &csv, "--lang", "zh", "--roles", "PO"]);
    assert_eq!(made.0, 0, "{}", made.2);
    let again = run(&["--data-dir", &here, "import-records", "service", &csv, "--roles", "PO"]);
    assert_eq!(again.0, 0, "{}", again.2);
    assert!(again.1.contains("unchanged                  1"), "{}", again.1);
    std::fs::write(&csv, "titel\nx\n").unwrap();
    let wrong = run(&["--data-dir", &here, "import-records", "service", &csv, "--roles", "PO"]);
    assert_eq!(wrong.0, 2);
    assert!(wrong.2.contains("services.csv: line 1, column 1: 'titel'") && wrong.2.contains("'title'"), "{}", wrong.2);

    let archived = run(&["--data-dir", &here, "archive", "--out", &file]);
    assert_eq!(archived.0, 0, "{}", archived.2);
    let restored = run(&["--data-dir", &there, "restore", &file]);
    assert_eq!(restored.0, 0, "{}", restored.2);
    let clean = run(&["--data-dir", &there, "verify", "--json"]);
    assert_eq!(clean.0, 0, "{}{}", clean.1, clean.2);
    assert_eq!(serde_json::from_str::<Value>(&clean.1).unwrap()["summary"]["records"], 1);
    let twice = run(&["--data-dir", &there, "restore", &file]);
    assert_eq!(twice.0, 2);
    assert!(twice.2.contains("[organisation-exists]"), "{}", twice.2);
    let bytes = std::fs::read(&file).unwrap();
    File::create(&file).unwrap().write_all(&bytes[..bytes.len() / 2]).unwrap();
    let cut = run(&["--data-dir", &there, "restore", &file, "--organisation", "x"]);
    assert_eq!(cut.0, 2);
    assert!(cut.2.contains("main.zip: it was cut or changed"), "{}", cut.2);
    let unknown = run(&["--data-dir", &there, "verify", "--organisation", "nobody"]);
    assert_eq!(unknown.0, 2, "{}", unknown.2);
}
