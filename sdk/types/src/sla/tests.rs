//! The JSON forms of the process.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::{Outcome, Request};

#[test]
fn golden_cases_keep_their_form() {
    let text = include_str!("../../../../tests/golden/sla.json");
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    for case in cases {
        let request = Request::from_json(case["input"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), case["input"], "{}", case["name"]);
        assert_eq!(Request::from_text(&case["input"].to_string()).as_ref(), Ok(&request), "{}", case["name"]);
        if case["expected"].get("error").is_none() {
            let outcome = Outcome::from_json(request.op(), case["expected"].clone()).unwrap();
            assert_eq!(outcome.op(), request.op());
            assert_eq!(serde_json::to_value(&outcome).unwrap(), case["expected"]);
        }
    }
}

#[test]
fn wrong_forms_are_named() {
    for (request, part) in [
        (json!([]), "object"),
        (json!({"impact": 1}), "`op`"),
        (json!({"op": 1}), "`op`"),
        (json!({"op": "clack"}), "clack"),
        (json!({"op": "priority", "impact": 1}), "urgency"),
        (json!({"op": "priority", "impact": 1, "urgency": 1, "x": 1}), "`x`"),
        (json!({"op": "priority", "impact": 1, "urgency": -1}), "-1"),
        (json!({"op": "priority", "impact": 1, "urgency": 1.5}), "1.5"),
        (json!({"op": "priority", "impact": 1, "urgency": 1, "matrix": {"a": {}}}), "a"),
        (json!({"op": "priority", "impact": 1, "urgency": 1, "attributes": {"a": []}}), "whole number"),
        (json!({"op": "service-time", "calendar": "c", "calendars": {}, "from": "noon", "to": 1}), "noon"),
        (
            json!({"op": "service-time", "calendar": "c", "from": "2025-06-03T00:00:00Z",
                "to": "2025-06-03T00:00:00Z", "calendars": {"c": {"time_zone": "Etc/UTC",
                "mode": "always"}}}),
            "always",
        ),
        (
            json!({"op": "service-time", "calendar": "c", "from": "2025-06-03T00:00:00Z",
                "to": "2025-06-03T00:00:00Z", "calendars": {"c": {"time_zone": "Etc/UTC",
                "mode": "business", "weekly": {"mon": [["09:00", "25:00"]]}}}}),
            "25:00",
        ),
    ] {
        let error = Request::from_json(request.clone()).unwrap_err();
        assert!(error.contains(part), "{request}: {error}");
        assert!(Request::from_text(&request.to_string()).is_err(), "{request}");
    }
}

#[test]
fn a_text_is_one_object() {
    let text = r#"{"impact": 1, "\u006fp": "priority", "urgency": 2}"#;
    assert_eq!(Request::from_text(text), Request::from_json(serde_json::from_str(text).unwrap()));
    // What looks like the operation at first may be something else's.
    let text = r#"{"attributes":{"op":"clock"},"impact":1,"op":"priority","urgency":2}"#;
    let read = Request::from_text(text).unwrap();
    assert_eq!((read.op(), Ok(&read)), ("priority", Request::from_json(serde_json::from_str(text).unwrap()).as_ref()));
    for wrong in [
        r#"{"attributes":{"op":"priority"},"impact":1,"urgency":2}"#,
        r#"{"op":"priority","impact":1,"urgency":2,"op":"clock"}"#,
        r#"{"op":"priority","impact":1,"urgency":2}{}"#,
    ] {
        assert!(Request::from_text(wrong).is_err(), "{wrong}");
    }
    for wrong in ["", "[\"priority\"]", r#"{"op": "priority", "impact": 1, "urgency": 2} {}"#, r#"{"op": "priority""#] {
        assert!(Request::from_text(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn attributes_travel_as_they_are() {
    let request = json!({"op": "priority", "impact": 1, "urgency": 1,
        "attributes": {"customer.vip": true, "floor": -3, "site": "north"}});
    let read = Request::from_json(request.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), request);
}
