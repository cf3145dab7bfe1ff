//! The rules an answer can name, with their titles and what they mean. `type` of a problem document points here.

use std::borrow::Cow;

/// Rules of the interface itself; the others are named where they are checked.
pub(in crate::http) mod rule {
    pub(in crate::http) const ACCEPTABLE_BODY: &str = "content-type";
    pub(in crate::http) const ATTACHMENT_CORRUPT: &str = "attachment-corrupt";
    pub(in crate::http) const BODY_INCOMPLETE: &str = "body-incomplete";
    pub(in crate::http) const BODY_REQUIRED: &str = "body-required";
    pub(in crate::http) const COMPONENT_UNAVAILABLE: &str = "component-unavailable";
    pub(in crate::http) const CONTENDED: &str = "contended";
    pub(in crate::http) const CURSOR: &str = "cursor";
    pub(in crate::http) const DATABASE: &str = "database";
    pub(in crate::http) const IDEMPOTENCY_KEY: &str = "idempotency-key";
    pub(in crate::http) const IF_MATCH: &str = "if-match";
    pub(in crate::http) const INTERNAL: &str = "internal";
    pub(in crate::http) const JSON_DEPTH: &str = "json-depth";
    pub(in crate::http) const JSON_DUPLICATE_KEY: &str = "json-duplicate-key";
    pub(in crate::http) const JSON_OBJECT: &str = "json-object";
    pub(in crate::http) const JSON_SYNTAX: &str = "json-syntax";
    pub(in crate::http) const KIND_RULE: &str = "kind-rule";
    pub(in crate::http) const LAST_EVENT_ID: &str = "last-event-id";
    pub(in crate::http) const METHOD_NOT_ALLOWED: &str = "method-not-allowed";
    pub(in crate::http) const NO_SUCH_ROUTE: &str = "no-such-route";
    pub(in crate::http) const NOT_UTF_8: &str = "not-utf-8";
    pub(in crate::http) const PARAMETER: &str = "parameter";
    pub(in crate::http) const PATH: &str = "path";
    pub(in crate::http) const REPEATED_PARAMETER: &str = "repeated-parameter";
    pub(in crate::http) const STORAGE: &str = "storage";
    pub(in crate::http) const TIMEOUT: &str = "timeout";
    pub(in crate::http) const UNKNOWN_PARAMETER: &str = "unknown-parameter";
}

/// A rule, explained.
pub(in crate::http) struct Rule {
    /// Its name, as `rule` and at the end of `type`.
    pub(in crate::http) name: &'static str,
    /// The problem in a few words.
    pub(in crate::http) title: &'static str,
    /// What it means and what to do.
    pub(in crate::http) text: &'static str,
}

/// Where a rule is explained: rules that kinds and components bring along are explained together.
pub(in crate::http) fn explained(name: &str) -> &str {
    if RULES.iter().any(|rule| rule.name == name) { name } else { rule::KIND_RULE }
}

/// The title of a rule.
pub(in crate::http) fn title(name: &str) -> Cow<'static, str> {
    if let Some(rule) = RULES.iter().find(|rule| rule.name == name) {
        return rule.title.into();
    }
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect()).into()
}

const fn is(name: &'static str, title: &'static str, text: &'static str) -> Rule {
    Rule { name, title, text }
}

/// Every rule, in alphabetical order.
#[rustfmt::skip]
pub(in crate::http) static RULES: &[Rule] = &[
    is("activation-ended", "Activation ended", "The activation is over, so it can be neither promoted nor taken back, and no record is decided again by it. GET /api/v1/activations?live=true lists those that are not."),
    is("already-active", "Active already", "The activation decides for its scope already; only what is tried or planned is promoted."),
    is("already-merged", "Duplicate of another record", "The record that was to stay is a duplicate itself. Merge into the one that it is a duplicate of."),
    is("already-signed", "Signed already", "This person, or this role, has signed the transition. The state moves when the other roles have signed, each by another person."),
    is("ambiguous", "Ambiguous name", "Several transitions have this name, each from another state. Name the one that is meant with the state it starts from."),
    is("ambiguous-key", "Ambiguous key", "Several records have the value by which the row was to be found. Name another key, or their numbers."),
    is("approval-required", "Approval required", "The decision asks for the approval of a further role before this step. That role gives it by taking the same transition."),
    is("approvals-missing", "Approvals missing", "The change lacks approvals for what it is now. The answer names the roles that have still to approve, each by another person."),
    is("approved-change", "Approved change required", "A live configuration item changes only through a change: one that names the item in cis and is approved, scheduled or being implemented. Title, notes, owner and links can be edited at any time."),
    is("archive-component", "Component not accepted", "A component that is to decide in the archived organisation is missing from the archive, or this server does not accept it. Nothing was restored."),
    is("archive-damaged", "Damaged archive", "The file is no archive of an organisation, or it was cut or changed after it was made. Nothing was restored."),
    is("archive-failed", "Archive not written", "The archive could not be written. The server's log has the reason."),
    is("archive-version", "Another version", "The archive was made by a newer version of the server, in a form that this one does not read. Nothing was restored."),
    is("attachment-corrupt", "Attachment corrupt", "The file in the server's folder is missing, or has not the checksum it was attached with. It is not given out. An administrator restores the folder; attaching the same file again heals it as well."),
    is("attachment-mismatch", "Not what it is called", "The first bytes of the file are not those of the type that its name, or Content-Type, says."),
    is("attachment-type", "File type not accepted", "Files of this type may not be attached here. Which may is said in the server's configuration."),
    is("audit-assessed", "Audit is assessed", "A discovery is taken in while the configuration audit is planned or collected. What is found later belongs to another audit."),
    is("awaiting-decision", "Awaiting a decision", "There is no assessment of what the change is now, because the component failed. The record waits in the manual-decision queue; nothing is approved meanwhile."),
    is("backtest-unfinished", "Dry run under way", "The dry run that is named has not come to its end. Wait until it is done, then repeat."),
    is("bad-signature", "Bad signature", "The signature file cannot be read, or the signature does not belong to these bytes and the key it names. Sign the very bytes that are uploaded."),
    is("baseline-deviation", "Looser than the baseline", "A target is looser than the baseline of the service level policy. That has to be declared in baseline_deviation, and the customer has to sign the agreement."),
    is("blocked", "Blocked", "The decision blocks the change as it stands, for example because it falls into a blackout window. It can be neither approved nor scheduled before that is different."),
    is("body-incomplete", "Incomplete body", "The connection ended, or broke, before the whole body had arrived. Send the request again."),
    is("body-required", "Missing body", "The request needs a JSON object as its body."),
    is("breaker-open", "Breaker open", "The component that decides here has failed too often, and nothing else may decide in its place. Nothing was written. Try again later, or have an administrator look at the activation's breaker."),
    is("breaker-state", "Breaker stands otherwise", "The breaker does not stand so that this leads anywhere: what is closed is opened, what is open is probed or closed. GET /api/v1/activations says where it stands."),
    is("budget-not-active", "Budget not active", "Money of this budget does not move in its present state. The answer names the states in which it does."),
    is("busy", "Busy", "The server had no room to try the component out. The same upload may succeed later."),
    is("changed-export", "Changed export", "A function of the process's contract has other parameters or results than the contract says. Build the component against a WIT version that this server knows."),
    is("changed-import", "Changed import", "The component imports something this server offers, but with another type. Build it against a WIT version that this server knows."),
    is("closed-record", "Closed record", "The record is closed and read-only, or nothing leads on from its state. Corrections are made with a new, linked record."),
    is("columns", "Wrong columns", "The file to import has not the columns that the mapping names, or a row has another number of them than the heading."),
    is("commitment-not-open", "Commitment not open", "The commitment belongs to another budget line, or nothing can be invoiced on it in its present state."),
    is("compile-limit", "Too much to compile", "Compiling the component takes more memory, processor time or time than this server allows for one component, or gives too much machine code. The message names the limit. Make the component smaller, or have an administrator raise the limit (`[engine.compile]`)."),
    is("component-live", "Component decides", "A component becomes active by an activation for a scope, and stops by its end: activate it, or roll its activations back."),
    is("component-state", "Component cannot decide", "The component is rejected or retired, so it cannot be activated; or a process owner has still to approve it: POST /records/component/NUMBER/transitions/approved. Whoever uploaded it does not approve it. In shadow and in dry runs it can be tried before."),
    is("component-unavailable", "Component unavailable", "A component that is needed does not load on this node. The administrator finds the reason in the server's log."),
    is("computed-field", "Computed field", "The server fills this field; a client cannot. Leave it out."),
    is("contended", "Contended", "Several requests changed the same thing at the same time and this one did not get its turn. Send it again."),
    is("content-type", "Unsupported media type", "The body has a media type that this route does not read. The answer says which it reads."),
    is("currency", "Different currencies", "Amounts that are compared or added up have to be in one currency."),
    is("cursor", "Unusable cursor", "The cursor is not one that this server made for this list in this order. Start again without a cursor."),
    is("database", "Database unavailable", "The database did not answer, or did not take the write. Nothing is lost that was acknowledged before. Try again."),
    is("decided-already", "Decided already", "The entry has left the queue: somebody, or a later decision, decided meanwhile. Read the record again."),
    is("decided-by-person", "Decided by a person", "No component gave this decision, so there is none to run again."),
    is("demo", "Unreadable demonstration", "The demonstration data of this server cannot be read."),
    is("does-not-compile", "Does not compile", "The bytes are a component, but it cannot be compiled or instantiated within the server's limits."),
    is("does-not-describe", "Does not describe itself", "The component does not say its name and version, or failed when it was asked."),
    is("duplicate-relation", "Relation is there already", "An item has one relation of a type to another item. To put it into another redundancy group, replace it."),
    is("enum", "Not an option", "The value is none of the options that the field has."),
    is("explanation-required", "Explanation required", "More decisions come out otherwise with the candidate than may without a word. Say in explanation why that is as it should be; it is kept with the activation."),
    is("field-in-use", "Field in use", "Records have values of a field that the kind would no longer have. Remove the values first, or let them stay behind with keep_values=true."),
    is("forecast-failed", "Forecast failed", "The component that was asked for a forecast failed: it trapped, took too long, or gave an answer that cannot be true. The message names the cause."),
    is("forecast-refused", "Forecast refused", "The component refuses to look ahead for this record; the message has its reason."),
    is("format", "Wrong form", "The value does not have the form that the field asks for: a time zone, a currency, a month, text without control characters."),
    is("idempotency-key", "Unusable idempotency key", "An Idempotency-Key is one header of 1 to 255 visible ASCII characters."),
    is("idempotency-key-reused", "Idempotency key used before", "The same Idempotency-Key came with another request before. Use a fresh key for a new request."),
    is("if-match", "Unusable If-Match", "If-Match is one strong entity tag as an ETag header gave it, for example \"7\", or *."),
    is("impossible-outcome", "Impossible outcome", "The outcome is not in the shape of the process's contract, or cannot be true of the request that it answers. It is held to what a component's outcome is held to."),
    is("internal", "Server error", "The server failed in a way that it should not. Its log has the reason under the answer's request_id."),
    is("invalid-default-settings", "Invalid default settings", "The component's own default settings do not pass its own validation."),
    is("invalid-settings-schema", "Invalid settings schema", "The component's settings schema is not a JSON Schema that can be used."),
    is("item-twice", "Item twice", "A baseline names each configuration item once."),
    is("job-ended", "Job ended", "The job has ended already, so it cannot be cancelled. What it did is listed under GET /api/v1/jobs/{id}/items."),
    is("json-depth", "JSON nested too deep", "Objects and arrays may be nested 64 levels deep."),
    is("json-duplicate-key", "Duplicate key", "An object in the body has the same key twice, so it is not clear which value is meant."),
    is("json-object", "Not an object", "The body is JSON, but not an object."),
    is("json-syntax", "Not JSON", "The body is not JSON. The answer names the line and the column."),
    is("key-exists", "Key is known", "The organisation has this publisher's key already."),
    is("key-not-valid", "Key is not valid", "The publisher's key was not valid when the signature was handed in. Sign with a key that is valid now, or have an administrator change `valid_until`."),
    is("key-process", "Key for other processes", "The publisher's key may not ship components of this process. An administrator decides what a key may ship."),
    is("key-revoked", "Key is revoked", "The publisher's key was revoked. What it signed is not activated any more; have it signed with a key that is trusted. A revoked key stays revoked."),
    is("key-twice", "Identifier twice", "Two rows of the file have the same identifier, so it is not clear which of them counts. The answer names the second."),
    is("kind-breaks-records", "Records would break", "Existing records could not live under this version of their kind. The answer lists the first hundred with what is wrong; a dry run does so without changing anything."),
    is("kind-built-in", "Built-in part", "A built-in kind can be added to, but what it has already stays: the processes and the rules of the standard rely on it."),
    is("kind-change-under-way", "Another change under way", "Somebody is changing a kind of your organisation. One change is made at a time; try again in a minute."),
    is("kind-circle", "Circle of references", "Kinds refer to each other by required fields in a circle: no record of them could ever be completed before another. Make one of the references optional."),
    is("kind-exists", "Kind exists", "Your organisation has a kind of this name already. Change it with PUT, or take another name."),
    is("kind-file", "Unusable kind file", "Something in the kind's file is not as the language of kinds wants it. The answer names the line and the reason."),
    is("kind-in-use", "Kind in use", "A kind that has records cannot be given up."),
    is("kind-name", "Name of a kind", "A kind keeps its slug and its prefix for ever, and a prefix belongs to one kind: record numbers are never used again."),
    is("kind-retyped", "Field retyped", "An indexed field cannot change to a type that is sorted otherwise. Remove the field, then add it with the other type."),
    is("kind-rule", "A rule of the kind", "The record's kind, or the component that decides, has a rule of its own that does not allow this; the member rule names it. GET /api/v1/kinds/KIND lists the rules of a kind, with their conditions and where they come from."),
    is("last-event-id", "Unusable Last-Event-ID", "Last-Event-ID, or the parameter after, is the id of an event: a whole number that is not negative."),
    is("ledger", "Sums cannot be made", "What is booked on the line cannot be added up: the line has no amount yet, an entry is in another currency, or the amounts are too large."),
    is("line-not-open", "Budget line not open", "The budget line is frozen or closed, so nothing can be booked on it."),
    is("locked-field", "Locked field", "The field cannot be changed while the record is in its present state."),
    is("mapping", "Unreadable mapping", "The mapping of an import cannot be read, or names a kind, state, field or time zone that there is not."),
    is("method-not-allowed", "Method not allowed", "The path is right, the method is not. The Allow header has the methods."),
    is("missing-export", "Missing export", "The component does not export a function of its process's contract."),
    is("no-clocks", "No clocks", "The record has no clocks of a service level agreement, so nothing can be said about when they pass their targets."),
    is("no-forecast", "No forecast", "The component that decides about the record gives no forecast. One that does is built against itsm:sla 0.2.0 or later."),
    is("no-open-period", "No open period", "The period is not one of the budget's, or the budget has no open period left for a cost of this day."),
    is("no-randomness", "No randomness", "The operating system gave no random bytes."),
    is("no-such-route", "No such route", "Nothing is served under this path. The documentation is under /docs."),
    is("no-triage", "No triage", "Only incidents are triaged."),
    is("no-way-out", "Cannot be closed", "A duplicate is closed when it is merged, and no transition that you may take from its present state leads to a closed one."),
    is("not-a-component", "Not a component", "The bytes are not a WebAssembly component. A core module has to be made into a component first."),
    is("not-decided-again", "Not decided again", "The process does not decide about the record in its present state: what it decided was carried out, or waits for a step that asks for it."),
    is("not-found", "Not found", "There is no such thing in your organisation, or not under this name."),
    is("not-indexed", "Not indexed", "Lists can be filtered and sorted only by indexed fields. The answer names those of the kind."),
    is("not-utf-8", "Not UTF-8", "JSON is sent as UTF-8."),
    is("nothing-active", "Nothing active", "No component is active for this process in exactly this scope."),
    is("nothing-to-recompute", "Nothing to decide again", "No open record is of a kind that the activation decides about."),
    is("nothing-to-replay", "Nothing to replay", "No stored decision fits the process, scope and period of the dry run."),
    is("nothing-to-roll-back", "Nothing to take back", "There is no version of your organisation's own in force that could be taken back."),
    is("nothing-to-roll-back-to", "Nothing to roll back to", "There was no other component or settings before the present one."),
    is("organisation-exists", "Organisation exists", "There is such an organisation in this database already. Nothing was restored."),
    is("other-budget", "Another budget", "One step books on the lines of one budget only."),
    is("own", "Only your own", "Your role allows this for records of your own: those you own, made, or are named in; and for records that meet a condition of the kind's access, where it has one."),
    is("parameter", "Unreadable parameter", "The query string cannot be read, or a parameter has a value of the wrong sort."),
    is("path", "Unreadable path", "A part of the path cannot be read as text."),
    is("period-blocked", "Period blocked", "Something unfinished keeps the period from being closed. The answer names each item."),
    is("period-closed", "Period closed", "The period is closed already. It is opened again by reopening its period close."),
    is("period-not-over", "Period not over", "The figures of a service report are fixed when its period is over: until then they can change."),
    is("range", "Out of range", "The value is too small, too large, too short or too long."),
    is("reason-required", "Reason required", "This transition is taken with a reason only. Send it as the parameter reason."),
    is("reference", "Bad reference", "The value is not the number of a record, or name of a thing, that the field may point to."),
    is("relation-cycle", "Dependencies in a circle", "The dependency would make records depend on themselves by others. The answer names each record on the way."),
    is("relations-too-far", "Dependencies reach too far", "The dependencies lead to more records than the server searches for a circle. The limit is the setting policy.configuration.circle_records."),
    is("repeated-parameter", "Repeated parameter", "The parameter may be given once."),
    is("required", "Required", "A field has to be filled first."),
    is("reschedule-outside-blackout", "Inside a blackout window", "The change cannot be scheduled before its window is moved out of the blackout."),
    is("resolve-collision", "Collision not resolved", "Another change works on the same items at the same time. Move one of them, or withdraw one, before this one is scheduled."),
    is("retracted", "Retracted already", "It was taken back before. Who did, when and why is shown with it."),
    is("role", "Role missing", "None of your roles may do this. The answer names those that may."),
    is("row-without-key", "Row without identifier", "A row of the file has no identifier. The answer names the row and the column."),
    is("sample-order", "Sample out of order", "A later sample of this source and metric was taken already. Samples are sent in the order of their time."),
    is("self-relation", "Relation to itself", "An item or service cannot depend on itself, nor have another relation to itself."),
    is("separation-of-duties", "Separation of duties", "You are named in the record, or did the step before, in a way that leaves this step to somebody else."),
    is("settings", "Invalid settings", "The component does not accept these settings. Its schema is in GET /api/v1/components/{digest}."),
    is("settings-gone", "Settings gone", "The settings of the earlier activation are not in the database any more."),
    is("several-worlds", "Several processes", "A component decides for one process. This one exports the evaluators of several."),
    is("stale", "Changed meanwhile", "The record has a newer revision than the one named in If-Match. Read it again, look at the difference, and send the change again."),
    is("stale-approval", "Stale approval", "The change, or what surrounds it, is not what was approved any more. It was assessed again and waits for approval."),
    is("stale-assessment", "Stale assessment", "The change, or what surrounds it, is not what was assessed any more. It was assessed again; look at the new assessment before you approve it."),
    is("stale-generation", "Activated meanwhile", "Somebody activated or rolled back a component of this process since you looked. Look again, then repeat with the new generation."),
    is("state-in-use", "State in use", "Records are in a state that the kind would no longer have. Move them first."),
    is("storage", "File folder unavailable", "The folder in which the server keeps attachments cannot be used at present. Trying again later may work."),
    is("temporary-file", "No room for a file", "The server could not keep a file while it worked on the request. Try again later; the server's log has the reason."),
    is("timeout", "Took too long", "The request was given up because it took too long. A write may have happened all the same: read before you repeat, or use an Idempotency-Key."),
    is("too-large", "Too large", "The body is larger than this route accepts."),
    is("too-many-kinds", "Too many kinds", "An organisation shapes 500 kinds at most."),
    is("trust-names-none", "Policy names no components", "Single components are named only under the trust policy `allow-named`; under `allow` every component is taken, under `refuse` only signed ones. PUT /trust changes the policy."),
    is("type", "Wrong type", "The value is of another type than the field."),
    is("unauthenticated", "Not signed in", "The request needs the header Authorization: Bearer TOKEN with a token that this server issued, that has not expired and was not revoked."),
    is("ungranted-import", "Import not granted", "The component imports something that it was not granted. An administrator grants imports at upload."),
    is("unknown-export", "Unknown export", "The component exports an interface of ours that this server does not know, or not in this version. Update the server, or build the component against a WIT version that it knows; both are listed under /docs/wit."),
    is("unknown-field", "Unknown field", "The kind has no field of this name."),
    is("unknown-import", "Unknown import", "The component imports something that this server does not have, or not in this version; or something was granted, or imported, that this server does not offer."),
    is("unknown-job", "Unknown job", "The job is of a sort that this version of the server does not know."),
    is("unknown-key", "Unknown key", "No publisher's key of the organisation made this signature. An administrator adds keys: `POST /trust/keys`."),
    is("unknown-kind", "Unknown kind", "There is no record kind of this name. GET /api/v1/kinds lists them."),
    is("unknown-parameter", "Unknown parameter", "The route has no parameter of this name."),
    is("unknown-transition", "Unknown transition", "The record has no such transition from its present state. GET …/transitions lists those it has for you."),
    is("unknown-world", "Unknown process", "The component exports the evaluator of no process that this server knows."),
    is("unreachable-state", "Unreachable state", "No transition leads to the state, so no record could ever be in it. Add the state together with its transitions (`transitions` in the body), or remove it."),
    is("unreadable-decision", "Unreadable decision", "The stored decision was written in a form that this version of the server cannot read."),
    is("unreadable-file", "Unreadable file", "The file has not the format that it was sent as; the answer says where. Nothing was written."),
    is("unsigned-component", "Not signed", "The organisation's trust policy does not take this component without a signature of one of its publishers' keys. Have it signed by a publisher whose key is in /trust/keys, or, where the policy is `allow-named`, have an administrator name its digest: PUT /trust/allowed/DIGEST."),
    is("view-exists", "Name in use", "You have another view of this name."),
    is("view-record", "View", "Records of this kind show what the server keeps anyway, decisions or components; they are not written as records."),
    is("wrong-process", "Wrong process", "The component decides for another process than the one it is to be activated for."),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn rules_are_sorted_and_explained() {
        assert!(RULES.is_sorted_by_key(|rule| rule.name));
        for rule in RULES {
            assert!(rule.text.ends_with('.') && !rule.title.is_empty(), "{}", rule.name);
        }
        assert_eq!(title("json-syntax"), "Not JSON");
        assert_eq!(title("made-up-rule"), "Made up rule");
    }

    /// Finds the rules in the source: `const NAME: &str = "rule"` inside a `mod rule`, and the first text given to
    /// a constructor of a refusal.
    #[test]
    fn every_rule_in_the_source_is_explained() {
        let mut found = BTreeSet::new();
        scan(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.contains("separation-of-duties") && found.contains("json-syntax"), "{found:?}");
        let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        let missing: Vec<_> = found.iter().filter(|rule| !known.contains(rule.as_str())).collect();
        assert!(missing.is_empty(), "rules without an entry in RULES: {missing:?}");
    }

    fn scan(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                scan(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap_or_default();
                if let Some((_, module)) = text.split_once("mod rule {") {
                    let module = module.split("\n}").next().unwrap_or_default();
                    found.extend(module.lines().filter_map(|l| after(l, "&str = \"")));
                }
                for constructor in ["invalid", "forbidden", "conflict", "unavailable"] {
                    let mark = format!("Refusal::{constructor}(");
                    let calls = text.split(&mark).skip(1).map(str::trim_start);
                    let literal = calls.filter(|call| call.starts_with('"'));
                    found.extend(literal.filter_map(|call| after(call, "\"")));
                }
            }
        }
    }

    fn after(text: &str, mark: &str) -> Option<String> {
        Some(text.split_once(mark)?.1.split('"').next()?.to_owned())
    }
}
