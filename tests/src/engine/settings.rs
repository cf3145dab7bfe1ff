//! Settings: the schema first, then the component itself.

use mortise_types::Process;
use serde_json::json;

use super::{admit, engine, standard};

#[tokio::test]
async fn defaults_are_good_for_every_component() {
    let engine = engine();
    for process in Process::ALL {
        let admission = admit(&engine, standard(process)).await;
        let defaults = admission.settings_defaults.to_string();
        assert_eq!(engine.check_settings(&admission.prepared, &defaults).await, Ok(()));
        assert_eq!(engine.check_settings(&admission.prepared, "{}").await, Ok(()));
        // The same when the schema was not asked for before.
        let loaded = engine.load(standard(process), &mortise::engine::Grants::all()).await.unwrap();
        assert_eq!(engine.check_settings(&loaded, &defaults).await, Ok(()));
    }
}

#[tokio::test]
async fn unknown_keys_wrong_types_and_no_json_are_refused_with_their_place() {
    let engine = engine();
    for process in Process::ALL {
        let admission = admit(&engine, standard(process)).await;
        let refused = |settings: String| {
            let (engine, prepared) = (engine.clone(), admission.prepared.clone());
            async move { engine.check_settings(&prepared, &settings).await.unwrap_err().problems }
        };
        let problems = refused(json!({ "no-such-setting": 1 }).to_string()).await;
        assert!(problems[0].message.contains("no-such-setting"), "{problems:?}");
        assert!(!refused("{".to_owned()).await.is_empty());
        assert!(!refused("[]".to_owned()).await.is_empty());

        let properties = admission.settings_schema["properties"].as_object().unwrap();
        let name = properties.keys().next().unwrap();
        let problems = refused(json!({ name: "certainly not this" }).to_string()).await;
        assert!(problems[0].path.starts_with(&format!("/{name}")), "{problems:?}");
    }
}

#[tokio::test]
async fn a_schema_documents_every_setting() {
    let engine = engine();
    for process in Process::ALL {
        let admission = admit(&engine, standard(process)).await;
        for (name, property) in admission.settings_schema["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{process}: {name} has no description");
            assert!(admission.settings_defaults.get(name).is_some(), "{process}: {name} has no default");
        }
    }
}
