//! An event log becomes records, in its own time, and twice is once.

#![allow(clippy::unwrap_used)]

use mortise::flows::import::{Header, Importer, Mapping, Report, Row};
use serde_json::json;

use crate::app::{Desktop, ORG, for_each_db};

const MAPPING: &str = include_str!("../../host/mappings/incident_event_log.toml");
const HEADER: &str = "number,ident_state,caller_id,opened_at,sys_updated_by,sys_updated_at,contact_type,category,\
                      category,impact,urgency,assignment_group,assigned_to,closed_code,resolved_at";

/// One incident of the log, told in five rows, and some that cannot be understood.
const LOG: &str = "\
0000045,New,2403,29/2/2016 09:00,21,29/2/2016 09:00,Phone,55,170,2,2,56,?,?,?
0000045,Active,2403,29/2/2016 09:00,21,29/2/2016 09:30,Phone,55,170,2,2,56,7,?,?
0000045,Awaiting User Info,2403,29/2/2016 09:00,22,29/2/2016 10:00,Phone,55,170,2,2,56,7,?,?
0000045,Active,2403,29/2/2016 09:00,22,29/2/2016 15:00,Phone,55,170,2,2,56,7,?,?
0000045,Resolved,2403,29/2/2016 09:00,22,29/2/2016 16:00,Phone,55,170,2,2,56,7,5,29/2/2016 16:00
0000045,Limbo,2403,29/2/2016 09:00,22,29/2/2016 16:30,Phone,55,170,2,2,56,7,5,29/2/2016 16:00
0000046,New,2403,31/2/2016 09:00,21,29/2/2016 09:00,Phone,55,170,2,2,56,?,?,?
0000047,New,2403,1/3/2016 09:00,21,1/3/2016 09:00,Pigeon,55,170,3,2,56,?,?,?
0000048,New,2403,1/3/2016 09:00,21,1/3/2016 09:00,Phone,55,170,9,2,56,?,?,?
0000049,Active,2403,1/3/2016 09:00,21,1/3/2016 09:00,?,55,170,3,2,56,?,?,?
0000049,Closed,2403,1/3/2016 09:00,21,5/3/2016 09:00,?,55,170,3,2,56,?,?,4/3/2016 09:00
";

async fn import(app: &Desktop) -> Report {
    import_log(app, LOG).await
}

async fn import_log(app: &Desktop, log: &str) -> Report {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let header = Header::read(HEADER.split(',').map(|c| c.trim().to_owned()), &mapping).unwrap();
    let mut importer = Importer::prepare(&app.desk, ORG, mapping, header).await.unwrap();
    let mut rows: Vec<(String, Vec<Row>)> = Vec::new();
    for (n, line) in log.lines().enumerate() {
        let row = Row { line: n as u64 + 2, cells: line.split(',').map(str::to_owned).collect() };
        let Some(key) = importer.key(&row) else { continue };
        match rows.last_mut() {
            Some((of, rows)) if *of == key => rows.push(row),
            _ => rows.push((key, vec![row])),
        }
    }
    for (key, rows) in rows {
        importer.add(key, rows).await.unwrap();
    }
    importer.finish().await.unwrap()
}

#[test]
fn a_log_becomes_records_in_its_own_time() {
    for_each_db(|app| async move {
        let report = import(&app).await;
        assert_eq!((report.rows, report.records, report.events), (11, 2, 7));
        assert_eq!(report.refused_rows(), 4, "{:?}", report.refused);
        let why: Vec<&String> = report.refused.keys().collect();
        for (part, line) in
            [("'Limbo' is not mapped", 7), ("31/2/2016", 8), ("'Pigeon' is not mapped", 9), ("impact", 10)]
        {
            let (_, (_, lines)) =
                report.refused.iter().find(|(w, _)| w.contains(part)).unwrap_or_else(|| panic!("{why:?}"));
            assert_eq!(lines, &[line]);
        }

        let agent = app.agent().await;
        let listed = agent.get("/records/incident?external_id=incident-event-log:0000045").await.ok();
        let record = &listed["records"][0];
        assert_eq!(record["number"], "INC-2016-000001");
        assert_eq!(record["created_at"], "2016-02-29T09:00:00Z");
        assert_eq!(record["state"], "resolved");
        // That instance's own matrix gives P3; office hours are 08:00 to 18:00.
        assert_eq!(record["priority"], "P3");
        assert_eq!(record["responded_at"], "2016-02-29T09:30:00Z");
        // 09:00 to 16:00 less five hours of waiting for the user.
        assert_eq!(record["sla"]["resolution"]["elapsed_s"], 2 * 3600);
        assert_eq!(record["sla"]["resolution"]["met"], true);
        assert_eq!(record["pauses"], json!([{"from": "2016-02-29T10:00:00Z", "to": "2016-02-29T15:00:00Z"}]));

        let history = app.desk.store.audit_of(ORG, "INC-2016-000001", 0, 100).await.unwrap();
        let told: Vec<_> = history.iter().map(|e| (e.at.to_string(), e.action.as_str(), e.actor.as_str())).collect();
        assert_eq!(told.len(), 5);
        assert_eq!(told[0], ("2016-02-29T09:00:00Z".to_owned(), "create", "21"));
        assert_eq!(told[4], ("2016-02-29T16:00:00Z".to_owned(), "transition:resolved", "22"));

        let breached = agent.get("/records/incident?sla.resolution.level=breached").await.ok();
        assert_eq!(breached["records"].as_array().unwrap().len(), 1);
        assert_eq!(breached["records"][0]["state"], "closed");

        let again = import(&app).await;
        assert_eq!((again.records, again.known, again.known_rows), (0, 2, 8));
        let all = agent.get("/records/incident").await.ok();
        assert_eq!(all["records"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_file_with_wrong_columns_and_a_wrong_mapping_are_refused() {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let refused = Header::read(["number".to_owned(), "colour".to_owned()].into_iter(), &mapping).err().unwrap();
    assert!(refused.message.contains("no column"), "{refused}");
    assert!(refused.message.contains("ident_state"), "{refused}");
    let broken = MAPPING.replace("separator", "seperator").replace("key = \"number\"", "key = \"number\"\ncolour = 3");
    let refused = Mapping::parse(&broken).unwrap_err();
    assert!(refused.message.contains("colour"), "{refused}");
}

#[test]
fn two_imports_of_a_log_at_once_make_each_record_once() {
    const RECORDS: usize = 450;
    for_each_db(|app| async move {
        let line = "29/2/2016 09:00,21,29/2/2016 09:00,Phone,55,170,2,2,56,?,?,?";
        let log: String = (0..RECORDS).map(|n| format!("{n:07},New,2403,{line}\n")).collect();
        // The records that it stands on are there: two imports at once make what each of them finds missing.
        import_log(&app, log.lines().next().unwrap()).await;
        let second = app.second_node().await;
        let (one, two) = tokio::join!(import_log(&app, &log), import_log(&second, &log));
        assert_eq!(one.records + two.records, RECORDS as u64 - 1, "{one:?} {two:?}");
        assert_eq!(one.known + two.known, RECORDS as u64 + 1, "{one:?} {two:?}");
        assert_eq!(one.events + one.known_rows, RECORDS as u64);
        let kind = app.desk.kinds(ORG).get("incident").unwrap().clone();
        let reader = app.agent().await;
        for n in [0, 1, 199, 200, 449] {
            let path = format!("/records/{}?external_id=incident-event-log:{n:07}", kind.slug);
            assert_eq!(reader.get(&path).await.ok()["records"].as_array().unwrap().len(), 1, "{n}");
        }
    });
}
