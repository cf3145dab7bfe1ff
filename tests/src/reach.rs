//! Who reads what: published knowledge and documents, what belongs to a customer's own services, and what is assigned
//! (guide, section 2).

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use mortise::domain::Role;
use mortise::flows::fill::{self, Wish};
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG, START, for_each_db};

/// Numbers of every record of a list, page by page.
async fn numbers(reader: &Client, path: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = reader.get(&format!("{path}{sign}limit={limit}{cursor}")).await.ok();
        found.extend(page["records"].as_array().unwrap().iter().map(number_of));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn number_of(record: &Value) -> String {
    record["number"].as_str().unwrap().to_owned()
}

fn sorted(mut numbers: Vec<String>) -> Vec<String> {
    numbers.sort_unstable();
    numbers
}

async fn hits(reader: &Client, query: &str) -> Vec<String> {
    let found = reader.get(&format!("/search?{query}")).await.ok();
    sorted(found["hits"].as_array().unwrap().iter().map(number_of).collect())
}

/// Members of a customer from now on.
async fn join(app: &Desktop, customer: &str, members: &[&str]) {
    let desk = app.agent().await;
    desk.patch(&format!("/records/customer/{customer}"), json!({"members": members})).await.ok();
}

#[test]
fn customers_read_published_knowledge() {
    for_each_db(|app| async move {
        let author = app.technician().await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let mut articles = Vec::new();
        for n in 0..24 {
            let audience = ["public", "staff", "group", "public"][n % 4];
            let sort = ["how-to", "faq"][n % 2];
            let fields = json!({
                "title": format!("Printer {n}"), "kind": sort, "body": "toner and paper",
                "audience": audience, "review_due": format!("2027-01-{:02}", n + 1)
            });
            let number = author.create("knowledge-article", fields).await;
            // One in three stays a draft, and one in eight is retired in the end.
            if n % 3 != 2 {
                owner.go("knowledge-article", &number, "reviewed", json!({})).await;
                owner.go("knowledge-article", &number, "published", json!({})).await;
                if n % 8 == 7 {
                    owner.go("knowledge-article", &number, "retired", json!({})).await;
                }
            }
            articles.push(number);
        }
        let zhao = app.actor("zhao", &[Role::Cus]).await;
        // A draft that is his own.
        let path = "/records/knowledge-article";
        owner.patch(&format!("{path}/{}", articles[5]), json!({"owner": "zhao"})).await.ok();

        let mine = |n: usize| n == 5;
        let open = |n: usize| (n % 4).is_multiple_of(3) && n % 3 != 2 && n % 8 != 7;
        let expected = |also: &dyn Fn(usize) -> bool| -> Vec<String> {
            (0..24).filter(|n| (open(*n) || mine(*n)) && also(*n)).map(|n| articles[n].clone()).collect()
        };
        let all = expected(&|_| true);
        assert!(all.len() > 6 && all.len() < 12, "{all:?}");
        for limit in [1, 3, 500] {
            assert_eq!(numbers(&zhao, &format!("{path}?sort=created_at"), limit).await, all);
            assert_eq!(numbers(&zhao, &format!("{path}?sort=review_due"), limit).await, all);
            let newest: Vec<String> = all.iter().rev().cloned().collect();
            assert_eq!(numbers(&zhao, &format!("{path}?sort=-review_due"), limit).await, newest);
            assert_eq!(numbers(&zhao, path, limit).await, newest);
            let faq = numbers(&zhao, &format!("{path}?sort=created_at&kind=faq&state=!retired"), limit).await;
            assert_eq!(faq, expected(&|n| n % 2 == 1));
            assert_eq!(numbers(&zhao, &format!("{path}?state=draft"), limit).await, [articles[5].clone()]);
            let staff = numbers(&zhao, &format!("{path}?audience=staff,group"), limit).await;
            assert_eq!(staff, [articles[5].clone()], "staff reads it, and so does its owner");
            let words = numbers(&zhao, &format!("{path}?q=toner&sort=review_due"), limit).await;
            assert_eq!(words, all);
            assert_eq!(numbers(&zhao, &format!("{path}?q=toner"), limit).await, newest);
            assert_eq!(numbers(&zhao, &format!("{path}?q=%22toner+and%22&sort=created_at"), limit).await, all);
        }
        assert_eq!(hits(&zhao, "q=toner&limit=100").await, sorted(all.clone()));
        assert_eq!(hits(&zhao, "q=toner&kind=knowledge-article&state=published&limit=100").await, {
            sorted(expected(&|n| !mine(n)))
        });
        for (n, number) in articles.iter().enumerate() {
            let read = zhao.get(&format!("{path}/{number}")).await;
            if open(n) || mine(n) {
                assert_eq!(number_of(&read.ok()), *number);
            } else {
                read.problem(403, "own");
            }
        }
        // Other roles without a say see no more than before.
        app.actor("money", &[Role::Bud]).await.get(path).await.problem(403, "role");
        let exported = zhao.get(&format!("{path}/export?format=jsonl&sort=created_at")).await;
        let lines = exported.text.lines().filter(|line| line.contains("KNW-"));
        assert_eq!((exported.status, lines.count()), (200, all.len()), "{}", exported.text);
        let kind = zhao.get("/kinds/knowledge-article").await.ok();
        assert_eq!(kind["may"]["read"], "some");
        let published = json!({"role": "CUS", "where": {"audience": "public", "state": "published"}});
        assert!(kind["access"]["read"].as_array().unwrap().contains(&published), "{}", kind["access"]);
        let matrix = zhao.get("/permissions").await.ok();
        let rows = matrix["kinds"].as_array().unwrap();
        let row = rows.iter().find(|row| row["slug"] == "knowledge-article").unwrap();
        assert_eq!((&row["cells"]["CUS"]["read"], &row["cells"]["SD"]["read"]), (&json!("some"), &json!("all")));
        assert_eq!(row["cells"]["CUS"]["read_where"], json!([published["where"]]));

        // He reads the article as it is, and nothing of how it came about; nor does he write on it.
        let article = format!("{path}/{}", articles[0]);
        for what in ["history", "timeline"] {
            zhao.get(&format!("{article}/{what}")).await.problem(403, "own");
        }
        zhao.post(&format!("{article}/comments"), json!({"text": "thanks"})).await.problem(403, "own");
        zhao.patch(&article, json!({"uses": 1})).await.problem(403, "role");
        author.post(&format!("{article}/comments"), json!({"text": "seen by all", "visibility": "public"})).await.ok();
        author.post(&format!("{article}/comments"), json!({"text": "not by him"})).await.ok();
        let comments = zhao.get(&format!("{article}/comments")).await.ok();
        assert_eq!(comments["comments"].as_array().unwrap().len(), 1);
        zhao.get(&format!("{path}/{}/history", articles[5])).await.ok();

        // What becomes published appears, and what is taken back goes.
        let draft = &articles[8];
        zhao.get(&format!("{path}/{draft}")).await.problem(403, "own");
        owner.go("knowledge-article", draft, "reviewed", json!({})).await;
        assert!(!numbers(&zhao, path, 3).await.contains(draft));
        owner.go("knowledge-article", draft, "published", json!({})).await;
        zhao.get(&format!("{path}/{draft}")).await.ok();
        assert!(numbers(&zhao, path, 3).await.contains(draft));
        owner.go("knowledge-article", draft, "draft", json!({})).await;
        assert!(!numbers(&zhao, path, 3).await.contains(draft) && !hits(&zhao, "q=toner").await.contains(draft));
        // What is confidential is not for the public.
        let secret = json!({
            "title": "Keys", "kind": "faq", "body": "toner", "audience": "public", "review_due": "2027-01-01",
            "confidentiality": "confidential"
        });
        let secret = author.create("knowledge-article", secret).await;
        owner.go("knowledge-article", &secret, "reviewed", json!({})).await;
        let publish = format!("{path}/{secret}/transitions/published");
        owner.post(&publish, json!({})).await.problem(422, "public-is-not-confidential");
    });
}

#[test]
fn customers_read_what_belongs_to_their_services() {
    for_each_db(|app| async move {
        let (mail, payroll) = (app.agreed_service("Mail").await, app.agreed_service("Payroll").await);
        let owner = app.actor("owner", &[Role::Po]).await;
        let item = |n: usize, services: Value| {
            json!({
                "title": format!("Server {n}"), "type": "server", "unique_id": format!("S-{n}"), "relations": [],
                "criticality": 2, "attributes": {}, "services": services
            })
        };
        let (mut of_mail, mut of_payroll, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..12 {
            match n % 4 {
                0 => of_mail.push(owner.create("configuration-item", item(n, json!([mail.service]))).await),
                1 => of_payroll.push(owner.create("configuration-item", item(n, json!([payroll.service]))).await),
                2 => {
                    let both = json!([payroll.service, mail.service]);
                    let number = owner.create("configuration-item", item(n, both)).await;
                    of_mail.push(number.clone());
                    of_payroll.push(number);
                }
                _ => others.push(owner.create("configuration-item", item(n, json!([]))).await),
            }
        }
        join(&app, &mail.customer, &["zhao", "qian"]).await;
        join(&app, &payroll.customer, &["sun"]).await;
        let zhao = app.actor("zhao", &[Role::Cus]).await;
        let sun = app.actor("sun", &[Role::Cus]).await;
        let nobody = app.actor("nobody", &[Role::Cus]).await;
        let path = "/records/configuration-item";

        let me = zhao.get("/me").await.ok();
        assert_eq!((&me["customers"], &me["services"]), (&json!([mail.customer]), &json!([mail.service])));
        for limit in [1, 2, 500] {
            assert_eq!(sorted(numbers(&zhao, path, limit).await), sorted(of_mail.clone()));
            assert_eq!(sorted(numbers(&zhao, &format!("{path}?sort=unique_id"), limit).await), sorted(of_mail.clone()));
            assert_eq!(sorted(numbers(&sun, path, limit).await), sorted(of_payroll.clone()));
            let theirs = numbers(&sun, &format!("{path}?services={}", mail.service), limit).await;
            let both = of_payroll.iter().filter(|item| of_mail.contains(*item)).cloned();
            assert_eq!(sorted(theirs), sorted(both.collect()), "only what both have");
            assert!(numbers(&nobody, path, limit).await.is_empty());
        }
        assert_eq!(hits(&zhao, "q=server&kind=configuration-item&limit=100").await, sorted(of_mail.clone()));
        zhao.get(&format!("{path}/{}", of_mail[0])).await.ok();
        for hidden in [&of_payroll[0], &others[0]] {
            zhao.get(&format!("{path}/{hidden}")).await.problem(403, "own");
        }
        nobody.get(&format!("{path}/{}", of_mail[0])).await.problem(403, "own");
        zhao.get(&format!("{path}/{}/history", of_mail[0])).await.problem(403, "own");
        // An impact says what else hangs together.
        let impact = zhao.get(&format!("/configuration/{}/impact", of_mail[0])).await;
        assert!(impact.status == 403 || impact.status == 404, "{}", impact.text);

        // Agreements with his customer, once they are negotiated; the signatory signs, and nobody else.
        assert_eq!(numbers(&zhao, "/records/sla", 1).await, std::slice::from_ref(&mail.agreement));
        zhao.get(&format!("/records/sla/{}", payroll.agreement)).await.problem(403, "own");
        let manager = app.level_manager().await;
        let mut next = manager.get(&format!("/records/sla/{}", mail.agreement)).await.ok();
        let keep = [
            "title",
            "customer",
            "service",
            "targets",
            "availability_milli_pct",
            "calendar",
            "workload_limit",
            "consequence",
            "baseline_deviation",
            "review_due",
            "customer_signatory",
        ];
        next.as_object_mut().unwrap().retain(|name, _| keep.contains(&name.as_str()));
        next["version"] = json!("2.0");
        let next = manager.create("sla", next).await;
        zhao.get(&format!("/records/sla/{next}")).await.problem(403, "own");
        manager.go("sla", &next, "negotiating", json!({})).await;
        zhao.get(&format!("/records/sla/{next}")).await.ok();
        zhao.post(&format!("/records/sla/{next}/transitions/agreed"), json!({})).await.problem(403, "own");
        zhao.post(&format!("/records/sla/{}/transitions/terminated", mail.agreement), json!({}))
            .await
            .problem(403, "own");
        let steps = zhao.get(&format!("/records/sla/{next}/transitions")).await.ok();
        assert_eq!(steps["transitions"], json!([]));

        // Capacity, demand, availability and continuity of his services.
        let demand = |service: &str| json!({"title": "used", "service": service, "period": "2026-01", "units": "boxes", "consumption": "120"});
        let his = owner.create("demand-record", demand(&mail.service)).await;
        owner.create("demand-record", demand(&payroll.service)).await;
        let outage =
            json!({"title": "down", "service": mail.service, "from": "2026-03-03T00:00:00Z", "planned": false});
        let outage = owner.create("outage", outage).await;
        assert_eq!(numbers(&zhao, "/records/demand-record", 1).await, [his]);
        assert_eq!(numbers(&zhao, "/records/outage", 1).await, [outage]);
        assert!(numbers(&sun, "/records/outage", 1).await.is_empty());

        // A service may also name its customers itself; whoever leaves a customer leaves at once.
        let customers = json!({"customers": [payroll.customer, mail.customer]});
        owner.patch(&format!("/records/service/{}", payroll.service), customers).await.ok();
        let both: BTreeSet<String> = of_mail.iter().chain(&of_payroll).cloned().collect();
        assert_eq!(sorted(numbers(&zhao, path, 2).await), Vec::from_iter(both));
        join(&app, &mail.customer, &["qian"]).await;
        assert!(numbers(&zhao, path, 2).await.is_empty());
        zhao.get(&format!("{path}/{}", of_mail[0])).await.problem(403, "own");
        let qian = app.actor("qian", &[Role::Cus, Role::Adm]).await;
        assert!(!numbers(&qian, path, 2).await.is_empty(), "a customer who is staff as well");
        // Nobody belongs to a customer that has ended.
        manager.go("customer", &mail.customer, "ended", json!({})).await;
        assert!(numbers(&qian, path, 2).await.is_empty());
        assert_eq!(qian.get("/me").await.ok()["customers"], json!([]));
    });
}

#[test]
fn a_security_incident_is_for_whom_it_is_assigned_to() {
    for_each_db(|app| async move {
        let officer = app.actor("officer", &[Role::Sec]).await;
        let technician = app.technician().await;
        let process_owner = app.actor("owner", &[Role::Po]).await;
        let both = app.actor("both", &[Role::Sd, Role::Te]).await;
        let customer = app.actor("zhao", &[Role::Cus]).await;
        let fields = json!({
            "title": "Mail read by strangers", "type": "intrusion", "hits": ["mail"], "impact": 3, "spread": 2,
            "personal_data": false
        });
        let reported = both.create("security-incident", fields.clone()).await;
        let by_customer = customer.create("security-incident", fields).await;
        let path = format!("/records/security-incident/{reported}");
        // Whoever reported it does not see it any more, also as a technician; nor does its owner.
        both.get(&path).await.problem(403, "own");
        customer.get(&format!("/records/security-incident/{by_customer}")).await.problem(403, "role");
        officer.patch(&path, json!({"owner": "technician"})).await.ok();
        technician.get(&path).await.problem(403, "own");
        technician.patch(&path, json!({"description": "x"})).await.problem(403, "own");
        process_owner.get(&path).await.problem(403, "own");
        assert!(numbers(&technician, "/records/security-incident", 1).await.is_empty());
        assert!(hits(&technician, "q=strangers").await.is_empty());
        // Assigned, a technician works on it and a process owner reads it.
        officer.patch(&path, json!({"assignee": "technician"})).await.ok();
        assert_eq!(numbers(&technician, "/records/security-incident", 1).await, std::slice::from_ref(&reported));
        assert_eq!(hits(&technician, "q=strangers").await, std::slice::from_ref(&reported));
        technician.patch(&path, json!({"description": "looked at"})).await.ok();
        technician.post(&format!("{path}/comments"), json!({"text": "closed the port"})).await.ok();
        technician.get(&format!("{path}/history")).await.ok();
        officer.patch(&path, json!({"assignee": "owner"})).await.ok();
        process_owner.get(&path).await.ok();
        process_owner.patch(&path, json!({"description": "x"})).await.problem(403, "role");
        technician.get(&path).await.problem(403, "own");
    });
}

/// Whatever a list shows, can be read by number, and the other way round: for every kind, on made-up records in all
/// states.
#[test]
fn lists_show_exactly_what_may_be_read() {
    for_each_db(|app| async move {
        let wish = Wish { org: ORG.to_owned(), records: 700, seed: 11, until: START.parse().unwrap() };
        fill::run(&app.desk, &wish, |_| ()).await.unwrap();
        let reader = app.actor("reader", &Role::ALL).await;
        // Somebody whose customer has a service.
        let customers = reader.get("/records/customer?state=active&members=!&limit=500").await.ok();
        let members =
            customers["records"].as_array().unwrap().iter().flat_map(|one| one["members"].as_array().unwrap());
        let mut found = None;
        for member in members.filter_map(Value::as_str) {
            let customer = app.actor(member, &[Role::Cus]).await;
            if customer.get("/me").await.ok()["services"] != json!([]) {
                found = Some((member.to_owned(), customer));
                break;
            }
        }
        let (member, customer) = found.unwrap();
        let technician = app.actor(&member, &[Role::Te]).await;
        let me = customer.get("/me").await.ok();
        let services: Vec<&str> = me["services"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let (mut some, kinds) = (0, app.desk.kinds(ORG));
        for kind in kinds.iter().filter(|kind| kind.view.is_none()) {
            let path = format!("/records/{}", kind.slug);
            let list = reader.get(&format!("{path}?limit=500")).await;
            let Some(all) = list.body["records"].as_array() else { panic!("{}: {}", kind.slug, list.text) };
            for (client, may) in [(&customer, "CUS"), (&technician, "TE")] {
                let shape = client.get(&format!("/kinds/{}", kind.slug)).await.ok();
                let read = shape["may"]["read"].as_str().unwrap();
                if !["some", "own"].contains(&read) {
                    continue;
                }
                let mut readable = Vec::new();
                for record in all {
                    let number = number_of(record);
                    if client.get(&format!("{path}/{number}")).await.status == 200 {
                        readable.push(number);
                    }
                }
                some += readable.len();
                for (limit, sort) in [(3, "created_at"), (500, "-updated_at"), (7, "state")] {
                    let listed = numbers(client, &format!("{path}?sort={sort}"), limit).await;
                    assert_eq!(sorted(listed), sorted(readable.clone()), "{} {may} {sort}", kind.slug);
                }
                // What the guide says in words, of the records themselves.
                let text = |record: &Value, field: &str| record[field].as_str().unwrap_or_default().to_owned();
                let own = |record: &Value| ["owner", "created_by"].iter().any(|field| text(record, field) == member);
                let expected = |record: &&Value| match (kind.slug.as_str(), may) {
                    ("knowledge-article", "CUS") => {
                        own(record) || text(record, "state") == "published" && text(record, "audience") == "public"
                    }
                    ("service-report", "CUS") => {
                        let named = record["readers"].as_array().is_some_and(|all| all.contains(&json!(member)));
                        let state = text(record, "state");
                        own(record)
                            || ["author", "recipient"].iter().any(|field| text(record, field) == member)
                            || named && ["issued", "acknowledged", "corrected"].contains(&state.as_str())
                    }
                    ("document", "CUS") => {
                        text(record, "state") == "effective" && text(record, "confidentiality") == "public"
                    }
                    ("configuration-item", "CUS") => {
                        let of = record["services"].as_array().cloned().unwrap_or_default();
                        own(record) || of.iter().any(|one| services.contains(&one.as_str().unwrap()))
                    }
                    _ => readable.contains(&number_of(record)),
                };
                let expected: Vec<String> = all.iter().filter(expected).map(number_of).collect();
                assert_eq!(sorted(expected), sorted(readable), "{} {may}", kind.slug);
            }
        }
        assert!(some > 20, "{some}");
    });
}
