//! Which bytes become a component, and what is said about the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use mortise::engine::{Engine, Grants, Refused, rule};
use mortise_types::Process;

use super::{admit, component, engine, engine_with, standard};

async fn refused(engine: &Engine, bytes: Arc<[u8]>, grants: &Grants) -> Refused {
    match engine.admit(bytes, grants).await {
        Ok(admission) => panic!("{} was admitted", admission.name),
        Err(refused) => refused,
    }
}

#[tokio::test]
async fn the_reference_components_say_who_they_are() {
    let engine = engine();
    for process in Process::ALL {
        let bytes = standard(process);
        let admission = admit(&engine, Arc::clone(&bytes)).await;
        assert_eq!(admission.process, process);
        assert_eq!(admission.name, format!("{process}-standard"));
        assert_eq!(admission.size, bytes.len());
        assert_eq!(admission.digest.len(), 64);
        assert_eq!(admission.prepared.digest(), admission.digest);
        assert_eq!(admission.prepared.process(), process);
        assert!(!admission.version.is_empty() && !admission.summary.is_empty());
        assert!(admission.exports.contains(&format!("itsm:{process}/evaluator@{}", super::version(process))));
        assert!(admission.exports.contains(&"itsm:plugin/settings@0.1.0".to_owned()));
        assert!(admission.wit.contains(&format!("itsm:{process}@{}", super::version(process))));
        let shown = serde_json::to_value(&admission).unwrap();
        assert_eq!(shown["process"], process.slug());
        assert!(shown.get("prepared").is_none());
    }
}

#[tokio::test]
async fn no_component_imports_wasi() {
    let engine = engine();
    let names = ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard", "sla-vip"];
    for name in names {
        let admission = admit(&engine, component(name)).await;
        let foreign: Vec<_> = admission.imports.iter().filter(|import| !import.starts_with("itsm:")).collect();
        assert!(foreign.is_empty(), "{name} imports {foreign:?}");
        assert!(admission.imports.iter().all(|import| import == "itsm:log/log@0.1.0"));
    }
}

#[tokio::test]
async fn an_import_without_a_grant_is_refused_by_name() {
    let engine = engine();
    let bytes = component("guests/ungranted");
    let refused = refused(&engine, Arc::clone(&bytes), &Grants::none()).await;
    assert_eq!(refused.rule, rule::UNGRANTED_IMPORT);
    assert!(refused.message.contains("itsm:log/log@0.1.0"), "{refused}");
    let granted = Grants { imports: BTreeSet::from(["itsm:log/log".to_owned()]) };
    let admission = engine.admit(Arc::clone(&bytes), &granted).await.unwrap();
    assert_eq!(admission.imports, ["itsm:log/log@0.1.0"]);
    // Loading what was admitted before holds the grants of now against it.
    let refused = engine.load(bytes, &Grants::none()).await.unwrap_err();
    assert_eq!(refused.rule, rule::UNGRANTED_IMPORT);
}

#[tokio::test]
async fn an_unknown_world_is_refused() {
    let engine = engine();
    let refused = refused(&engine, component("guests/unknown-world"), &Grants::all()).await;
    assert_eq!(refused.rule, rule::UNKNOWN_WORLD);
    assert!(refused.message.contains("itsm:sla/evaluator"), "{refused}");
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    let engine = engine();
    for bytes in [&b""[..], b"MZ", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0garbage"] {
        let refused = refused(&engine, bytes.into(), &Grants::all()).await;
        assert_eq!(refused.rule, rule::NOT_A_COMPONENT, "{refused}");
    }
}

#[tokio::test]
async fn too_many_bytes_are_refused_unread() {
    let engine = engine_with(|config| config.limits.component_bytes = 1000);
    let refused = refused(&engine, standard(Process::Sla), &Grants::all()).await;
    assert_eq!(refused.rule, rule::TOO_LARGE);
    let refused = engine.load(standard(Process::Sla), &Grants::all()).await.unwrap_err();
    assert_eq!(refused.rule, rule::TOO_LARGE);
}

/// The component with every occurrence of one name replaced by another of the same length.
fn renamed(name: &str, from: &str, to: &str) -> Arc<[u8]> {
    assert_eq!(from.len(), to.len());
    let mut bytes = component(name).to_vec();
    let mut found = 0;
    for at in 0..=bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from.as_bytes() {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{name} does not contain {from}");
    bytes.into()
}

#[tokio::test]
async fn a_later_compatible_version_of_the_contract_runs() {
    let engine = engine();
    let bytes = renamed("sla-vip", "itsm:sla/evaluator@0.1.0", "itsm:sla/evaluator@0.1.7");
    let admission = admit(&engine, bytes).await;
    let case = super::case(Process::Sla, "S01");
    let evaluation = engine.evaluate(&admission.prepared, &case.request, "{}").await;
    assert_eq!(super::answer(&evaluation), case.expected);
}

#[tokio::test]
async fn another_version_of_the_contract_is_refused_by_name() {
    let engine = engine();
    let bytes = renamed("sla-vip", "itsm:sla/evaluator@0.1.0", "itsm:sla/evaluator@0.3.0");
    let refused = refused(&engine, Arc::clone(&bytes), &Grants::all()).await;
    assert_eq!(refused.rule, rule::UNKNOWN_WORLD);
    assert!(refused.message.contains("`itsm:sla@0.3.0`; this host runs `itsm:sla` 0.1.0, 0.2.0"), "{refused}");
    assert!(refused.message.contains("it lacks `itsm:sla/evaluator@0.3.0`"), "{refused}");
    assert_eq!(
        engine.load(bytes, &Grants::all()).await.unwrap_err().rule,
        rule::UNKNOWN_WORLD,
        "as if it had been admitted by an older host"
    );
}

#[tokio::test]
async fn a_missing_function_is_refused_by_name() {
    let engine = engine();
    let bytes = renamed("sla-standard", "service-time", "service-tim3");
    let refused = refused(&engine, Arc::clone(&bytes), &Grants::all()).await;
    assert_eq!(refused.rule, rule::MISSING_EXPORT);
    assert!(refused.message.contains("itsm:sla/evaluator@0.2.0#service-time"), "{refused}");
    let refused = engine.load(bytes, &Grants::all()).await.unwrap_err();
    assert_eq!(refused.rule, rule::MISSING_EXPORT);
    assert!(refused.message.contains("service-time"), "{refused}");
}

#[tokio::test]
async fn a_function_of_another_type_is_refused_by_name_and_place() {
    let engine = engine();
    let bytes = renamed("sla-standard", "restored-at", "repaired-at");
    let refused = refused(&engine, Arc::clone(&bytes), &Grants::all()).await;
    assert_eq!(refused.rule, rule::CHANGED_EXPORT);
    assert!(refused.message.contains("itsm:sla/evaluator@0.2.0#clock"), "{refused}");
    assert!(refused.message.contains("`request.ticket` lacks the field `restored-at`"), "{refused}");
    let refused = engine.load(bytes, &Grants::all()).await.unwrap_err();
    assert_eq!(refused.rule, rule::CHANGED_EXPORT);
    assert!(refused.message.contains("itsm:sla/evaluator@0.2.0#clock"), "{refused}");
}

#[tokio::test]
async fn wasi_is_refused_by_name() {
    let engine = engine();
    let bytes = renamed("guests/ungranted", "itsm:log/log@0.1.0", "wasi:log/log@0.1.0");
    let refused = refused(&engine, bytes, &Grants::all()).await;
    assert_eq!(refused.rule, rule::UNGRANTED_IMPORT);
    assert!(refused.message.contains("wasi:log/log@0.1.0"), "{refused}");
}

#[tokio::test]
async fn an_import_of_another_type_is_refused() {
    let engine = engine();
    // The enum of levels gets a case that the host's does not have.
    let bytes = renamed("guests/ungranted", "debug\x04info\x04warn", "debug\x04note\x04warn");
    let refused = refused(&engine, bytes, &Grants::all()).await;
    assert_eq!(refused.rule, rule::CHANGED_IMPORT, "{refused}");
    assert!(refused.message.contains("`itsm:log/log@0.1.0#log`: `level` lacks the case `info`"), "{refused}");
}

/// Whatever is done to the bytes, admission answers; it neither panics nor admits what does not
/// keep the contract.
#[tokio::test]
async fn damaged_components_are_refused_not_fatal() {
    let engine = engine_with(|_| {});
    let good = standard(Process::ChangeRisk);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..60 {
        let mut bytes = good.to_vec();
        let at = usize::try_from(random() % bytes.len() as u64).unwrap();
        match round % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << (random() % 8),
            _ => {
                let end = (at + 64).min(bytes.len());
                bytes[at..end].fill((random() & 0xff) as u8);
            }
        }
        // A flipped bit in data or code may leave a valid component; then it has another digest.
        if let Ok(admission) = engine.admit(bytes.clone().into(), &Grants::all()).await {
            assert_eq!(admission.process, Process::ChangeRisk);
            assert_eq!(admission.size, bytes.len());
        }
    }
    super::assert_healthy(&engine).await;
}
