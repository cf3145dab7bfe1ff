//! Steps of a story as data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mortise::domain::Role;
use mortise::domain::canonical::sha256;
use serde_json::{Map, Value, json};

use crate::app::{Answer, Client, Desktop, ORG};

/// Prefix, state before, state after.
pub(super) type Taken = (String, String, String);

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    step: Vec<Step>,
}

/// One step. Exactly one of `make`, `go`, `set` and `wait` says what is done.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Slug of a kind: makes a record.
    make: Option<String>,
    /// Name of a transition.
    go: Option<String>,
    /// Fields to change.
    set: Option<toml::Table>,
    /// Transitions one after the other, each as `ROLES: name`, after what else the step does.
    #[serde(default)]
    path: Vec<String>,
    /// Days (or `90m`, `5h`) that pass; what is due then happens.
    wait: Option<String>,
    /// The record: its alias, or `$alias` of the record made last by the host as `made = "alias"`.
    on: Option<String>,
    /// Alias of the record that is made.
    name: Option<String>,
    /// Who: roles joined by `+`, for example `PO`, or a user before a colon: `li:PO+TE`.
    #[serde(rename = "as")]
    actor: Option<String>,
    /// Text of a file that is attached to the record, after what else the step does and before its path. A text
    /// `@sha256:TEXT` among the fields stands for the digest of such a file.
    attach: Option<String>,
    /// Fields that go with `make` and `go`. A text `$alias` stands for a record's number.
    with: Option<toml::Table>,
    /// Why, where a transition asks.
    reason: Option<String>,
    /// The rule that refuses it. Without it the step has to succeed.
    refused: Option<String>,
    /// Members of the record afterwards.
    expect: Option<toml::Table>,
    /// Type of an event about the record that must have happened by now.
    event: Option<String>,
    /// The record is one that the host made: `{ kind, by }`, the newest of the kind that links to the alias `by`.
    find: Option<Find>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Find {
    kind: String,
    by: String,
}

/// Users whom stories name where a user has to be known.
const PEOPLE: [&str; 6] = ["li", "wu", "sun", "zhao", "zhang", "boss"];

/// A desk in which stories are played.
pub(super) struct Life {
    app: Desktop,
    file: PathBuf,
    clients: BTreeMap<String, Client>,
    /// Alias → slug and number.
    aliases: BTreeMap<String, (String, String)>,
    /// Prefixes of the records made.
    pub(super) made: BTreeSet<String>,
    /// Transitions taken.
    pub(super) taken: BTreeSet<Taken>,
}

impl Life {
    pub(super) fn new(app: Desktop, file: &Path) -> Self {
        Self {
            app,
            file: file.to_owned(),
            clients: BTreeMap::new(),
            aliases: BTreeMap::new(),
            made: BTreeSet::new(),
            taken: BTreeSet::new(),
        }
    }

    /// Plays a file to its end.
    pub(super) async fn play(&mut self, file: &Path) {
        self.file = file.to_owned();
        // Who is named as an auditor or appointed to a role has a token.
        for user in PEOPLE {
            self.app.actor(user, &[Role::Te]).await;
        }
        let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let script: Script = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for (n, step) in script.step.into_iter().enumerate() {
            self.step(n + 1, step).await;
        }
        self.look_around().await;
    }

    fn place(&self, n: usize) -> String {
        format!("{} step {n}", self.file.file_name().unwrap().to_string_lossy())
    }

    async fn step(&mut self, n: usize, step: Step) {
        let place = self.place(n);
        if let Some(wait) = &step.wait {
            let at = self.app.clock.now().plus(milliseconds(wait));
            self.app.at(&at.to_string()).await;
        }
        if let Some(find) = &step.find {
            let alias = step.name.clone().unwrap_or_else(|| panic!("{place}: find needs a name"));
            let number = self.find(&place, find).await;
            self.aliases.insert(alias, (find.kind.clone(), number));
        }
        if step.make.is_some() || step.go.is_some() || step.set.is_some() {
            self.act(&place, &step).await;
        }
        if let Some(text) = &step.attach {
            let on = step.name.as_ref().or(step.on.as_ref()).unwrap_or_else(|| panic!("{place}: on what?"));
            let (slug, number) = self.alias(&place, on);
            let client = self.client(&place, step.actor.as_deref().unwrap_or_default()).await;
            let path = format!("/records/{slug}/{number}/attachments?name=text.txt");
            let kind = [("content-type", "text/plain")];
            let answer = client.send("POST", &path, &kind, Some(text.clone().into_bytes())).await;
            assert_eq!(answer.status, 201, "{place}: {}", answer.text);
        }
        for (number, leg) in step.path.iter().enumerate() {
            let (who, name) = leg.rsplit_once(": ").unwrap_or_else(|| panic!("{place}: '{leg}' is not ROLES: name"));
            let place = format!("{place} ({})", number + 1);
            let on = step.name.as_ref().or(step.on.as_ref()).unwrap_or_else(|| panic!("{place}: on what?"));
            let (slug, number) = self.alias(&place, on);
            let client = self.client(&place, who).await;
            let answer = client.post(&format!("/records/{slug}/{number}/transitions/{name}"), json!({})).await;
            assert!((200..300).contains(&answer.status), "{place}: {} {}", answer.status, answer.text);
        }
        let about = step.on.as_ref().or(step.name.as_ref());
        if let Some(expect) = &step.expect {
            let (slug, number) = self.alias(&place, about.unwrap());
            let record = self.reader().await.get(&format!("/records/{slug}/{number}")).await.ok();
            for (name, value) in expect {
                let wanted = self.resolve(&place, serde_json::to_value(value).unwrap());
                assert_eq!(record[name], wanted, "{place}: {name} of {record}");
            }
        }
        if let Some(event) = &step.event {
            let (_, number) = self.alias(&place, about.unwrap());
            let events = self.app.desk.store.events_after(ORG, 0, 100_000).await.unwrap();
            let found = events.iter().any(|e| e.kind == *event && e.number == number);
            let kinds: Vec<&String> = events.iter().filter(|e| e.number == number).map(|e| &e.kind).collect();
            assert!(found, "{place}: no event {event} about {number}; there are {kinds:?}");
        }
    }

    async fn act(&mut self, place: &str, step: &Step) {
        let who = step.actor.as_deref().unwrap_or_else(|| panic!("{place}: who does it?"));
        let client = self.client(place, who).await;
        let with = |table: &Option<toml::Table>| serde_json::to_value(table.clone().unwrap_or_default()).unwrap();
        let answer = if let Some(slug) = &step.make {
            let mut body = self.resolve(place, with(&step.with));
            if body.get("title").is_none() {
                body["title"] = json!(format!("{slug} {}", step.name.as_deref().unwrap_or_default()));
            }
            client.post(&format!("/records/{slug}"), body).await
        } else {
            let (slug, number) = self.alias(place, step.on.as_deref().unwrap_or_else(|| panic!("{place}: on what?")));
            let path = format!("/records/{slug}/{number}");
            match &step.go {
                Some(name) => {
                    let reason = step.reason.as_ref().map_or(String::new(), |_| "?reason=because".to_owned());
                    let body = self.resolve(place, with(&step.with));
                    client.post(&format!("{path}/transitions/{name}{reason}"), body).await
                }
                None => client.patch(&path, self.resolve(place, with(&step.set))).await,
            }
        };
        self.judge(place, step, answer).await;
    }

    async fn judge(&mut self, place: &str, step: &Step, answer: Answer) {
        if let Some(rule) = &step.refused {
            let said = answer.body["rule"].as_str().unwrap_or("nothing");
            assert!(
                answer.status >= 400 && said == rule,
                "{place}: {rule} expected, {} {}",
                answer.status,
                answer.text
            );
            return;
        }
        assert!((200..300).contains(&answer.status), "{place}: {} {}", answer.status, answer.text);
        let number = answer.body["number"].as_str().unwrap().to_owned();
        if let Some(slug) = &step.make {
            if let Some(alias) = &step.name {
                self.aliases.insert(alias.clone(), (slug.clone(), number.clone()));
            }
            self.made.insert(number.split('-').next().unwrap().to_owned());
        }
    }

    /// Reads from the audit trail which transitions were taken, by people and by the host, and which kinds were made.
    async fn look_around(&mut self) {
        let mut after = 0;
        loop {
            let page = self.app.desk.store.audit_after(ORG, after, 1_000).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.seq;
            for entry in &page {
                let prefix = entry.number.split('-').next().unwrap_or_default().to_owned();
                let state = |value: &Value| value.get("state").and_then(Value::as_str).map(str::to_owned);
                match (state(&entry.before), state(&entry.after)) {
                    (Some(from), Some(to)) => {
                        self.taken.insert((prefix, from, to));
                    }
                    (None, Some(_)) => {
                        self.made.insert(prefix);
                    }
                    _ => {}
                }
            }
        }
    }

    async fn find(&mut self, place: &str, find: &Find) -> String {
        let (_, by) = self.alias(place, &find.by);
        let reader = self.reader().await;
        let page = reader.get(&format!("/records/{}?limit=500", find.kind)).await.ok();
        let records = page["records"].as_array().unwrap();
        let links = |record: &&Value| record.to_string().contains(&by);
        let found = records.iter().find(links);
        let found =
            found.unwrap_or_else(|| panic!("{place}: no {} that names {by} among {}", find.kind, records.len()));
        found["number"].as_str().unwrap().to_owned()
    }

    /// Somebody who reads everything.
    async fn reader(&mut self) -> Client {
        self.client("reader", "the-auditor:AUD").await
    }

    async fn client(&mut self, place: &str, who: &str) -> Client {
        if let Some(client) = self.clients.get(who) {
            return client.clone();
        }
        let (user, roles) = match who.split_once(':') {
            Some((user, roles)) => (user.to_owned(), roles),
            None => (format!("some-{}", who.to_lowercase().replace('+', "-")), who),
        };
        let roles: Vec<Role> = roles
            .split('+')
            .map(|role| role.parse().unwrap_or_else(|_| panic!("{place}: '{role}' is not a role")))
            .collect();
        let client = self.app.actor(&user, &roles).await;
        self.clients.insert(who.to_owned(), client.clone());
        client
    }

    fn alias(&self, place: &str, alias: &str) -> (String, String) {
        let alias = alias.trim_start_matches('$');
        self.aliases.get(alias).cloned().unwrap_or_else(|| panic!("{place}: there is no record '{alias}'"))
    }

    /// Puts numbers for aliases, `@today+30` for dates and `@now+2h` for instants.
    fn resolve(&self, place: &str, value: Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(alias) => self.alias(place, alias).1.into(),
                None => self.moment(&text).unwrap_or(text).into(),
            },
            Value::Array(items) => items.into_iter().map(|item| self.resolve(place, item)).collect(),
            Value::Object(map) => {
                let map: Map<String, Value> =
                    map.into_iter().map(|(key, item)| (key, self.resolve(place, item))).collect();
                map.into()
            }
            other => other,
        }
    }

    fn moment(&self, text: &str) -> Option<String> {
        if let Some(file) = text.strip_prefix("@sha256:") {
            return Some(sha256(file.as_bytes()));
        }
        let now = self.app.clock.now();
        let by = |rest: &str| if rest.is_empty() { 0 } else { signed(rest) };
        if let Some(rest) = text.strip_prefix("@today") {
            return Some(now.plus(by(rest)).to_string()[..10].to_owned());
        }
        text.strip_prefix("@now").map(|rest| now.plus(by(rest)).to_string())
    }
}

fn signed(text: &str) -> i64 {
    match text.strip_prefix('-') {
        Some(rest) => -milliseconds(rest),
        None => milliseconds(text.trim_start_matches('+')),
    }
}

/// `3` and `3d` are days, `5h` hours, `90m` minutes.
fn milliseconds(text: &str) -> i64 {
    let (digits, unit) = text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let count: i64 = digits.parse().unwrap_or_else(|_| panic!("'{text}' is not a time"));
    count
        * match unit {
            "" | "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            other => panic!("'{other}' is not a unit of time"),
        }
}
