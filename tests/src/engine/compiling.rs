//! Compiling in a process of its own: the same machine code, and limits that a hostile component runs into.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mortise::engine::{Compiler, Engine, EngineConfig, Grants, Refused, rule};
use mortise_types::Process;
use tempfile::TempDir;
use wasm_encoder::{
    CodeSection, ComponentExportKind, ComponentExportSection, ComponentTypeSection, ComponentValType, Encode as _,
    Function, FunctionSection, Instruction, Module, PrimitiveValType, TypeSection, ValType,
};

use super::{answer, assert_healthy, case, engine_with, standard};
use crate::app::binary;

/// An engine that compiles in a child with these limits.
fn engine(change: impl FnOnce(&mut Compiler)) -> Engine {
    let mut compiler = Compiler { program: Some(binary()), ..Compiler::default() };
    change(&mut compiler);
    engine_with(|config| config.compiler = compiler)
}

/// The standard component with sections at its end that change nothing of what it does.
fn with_sections(sections: &[(u8, Vec<u8>)]) -> Arc<[u8]> {
    let mut bytes = standard(Process::Sla).to_vec();
    for (id, content) in sections {
        bytes.push(*id);
        content.as_slice().encode(&mut bytes);
    }
    bytes.into()
}

/// The standard component with a module that nobody instantiates and that takes long to compile.
fn bomb(functions: u32) -> Arc<[u8]> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I64, ValType::I64], [ValType::I64]);
    let mut declared = FunctionSection::new();
    let mut code = CodeSection::new();
    for n in 0..functions {
        declared.function(0);
        let mut body = Function::new([(60, ValType::I64)]);
        for step in 0..6_000_u32 {
            let (from, to) = (2 + (step * 7 + n) % 60, 2 + (step * 13) % 60);
            body.instruction(&Instruction::LocalGet(from));
            body.instruction(&Instruction::LocalGet(step % 2));
            body.instruction(&Instruction::I64Mul);
            body.instruction(&Instruction::LocalGet(to));
            body.instruction(&Instruction::I64Xor);
            body.instruction(&Instruction::LocalSet(to));
        }
        body.instruction(&Instruction::LocalGet(5));
        body.instruction(&Instruction::End);
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    with_sections(&[(1, module.finish())])
}

/// A component that exports a type nested as deep as this.
fn nested(depth: u32) -> Arc<[u8]> {
    let mut types = ComponentTypeSection::new();
    types.defined_type().list(ComponentValType::Primitive(PrimitiveValType::U8));
    for n in 0..depth {
        types.defined_type().list(ComponentValType::Type(n));
    }
    let mut exports = ComponentExportSection::new();
    exports.export("deep", ComponentExportKind::Type, depth, None);
    let mut component = wasm_encoder::Component::new();
    component.section(&types).section(&exports);
    component.finish().into()
}

async fn refused(engine: &Engine, bytes: Arc<[u8]>, rule: &str, words: &str) -> Refused {
    let started = Instant::now();
    let refused = engine.admit(bytes, &Grants::all()).await.map(|admission| admission.name).unwrap_err();
    assert_eq!(refused.rule, rule, "{refused}");
    assert!(refused.message.contains(words), "{refused}");
    assert!(started.elapsed() < Duration::from_secs(60), "it took {:?}", started.elapsed());
    refused
}

#[tokio::test]
async fn a_child_gives_the_same_component_and_the_cache_keeps_it() {
    let dir = TempDir::new().unwrap();
    let compiler = |program| Compiler { program, ..Compiler::default() };
    let config = |program| EngineConfig {
        cache_dir: Some(dir.path().to_owned()),
        concurrent_calls: 4,
        compiler: compiler(program),
        ..EngineConfig::default()
    };
    let in_child = Engine::new(config(Some(binary()))).unwrap();
    let admission = in_child.admit(standard(Process::Sla), &Grants::none()).await.unwrap();
    let case = case(Process::Sla, "S01");
    assert_eq!(answer(&in_child.evaluate(&admission.prepared, &case.request, "{}").await), case.expected);
    assert!(admission.prepared.size() > 10_000);

    // Without a compiler, what is kept is all there is.
    let nowhere = Engine::new(config(Some("/nowhere/compiler".into()))).unwrap();
    let kept = nowhere.load_kept(&admission.digest, &Grants::none()).await.unwrap().unwrap();
    assert_eq!(answer(&nowhere.evaluate(&kept, &case.request, "{}").await), case.expected);
    assert!(nowhere.load_kept(&"0".repeat(64), &Grants::none()).await.is_none());
    let refused = nowhere.load(standard(Process::Budget), &Grants::none()).await.unwrap_err();
    assert_eq!(refused.rule, rule::BUSY, "a component is not to blame for the server's own trouble");
}

#[tokio::test]
async fn what_a_child_refuses_has_the_rule_and_words_of_the_check() {
    let engine = engine(|_| {});
    let ungranted = engine.admit(super::component("guests/ungranted"), &Grants::none()).await.unwrap_err();
    assert_eq!(ungranted.rule, rule::UNGRANTED_IMPORT);
    assert!(ungranted.message.contains("itsm:log/log@0.1.0"), "{ungranted}");
    refused(&engine, super::component("guests/unknown-world"), rule::UNKNOWN_WORLD, "itsm:sla/evaluator").await;
    refused(&engine, b"MZ"[..].into(), rule::NOT_A_COMPONENT, "not a component").await;
}

#[tokio::test]
async fn a_module_that_compiles_for_minutes_is_ended_by_its_processor_time() {
    let engine = engine(|compiler| compiler.processor = Duration::from_secs(1));
    refused(&engine, bomb(900), rule::COMPILE_LIMIT, "1 s of processor time").await;
    // Its own limits are too tight for a healthy component on a busy machine.
    assert_healthy(&super::engine()).await;
}

#[tokio::test]
async fn a_compiler_that_is_late_is_ended_by_the_clock() {
    let engine = engine(|compiler| compiler.wall = Duration::from_millis(1_500));
    refused(&engine, bomb(900), rule::COMPILE_LIMIT, "longer to compile than").await;
    // Its own limits are too tight for a healthy component on a busy machine.
    assert_healthy(&super::engine()).await;
}

#[tokio::test]
async fn a_compiler_that_wants_much_memory_is_ended() {
    let engine = engine(|compiler| compiler.memory_bytes = 128 << 20);
    refused(&engine, bomb(900), rule::COMPILE_LIMIT, "128 MiB of memory").await;
}

#[tokio::test]
async fn machine_code_has_a_size() {
    let engine = engine(|compiler| compiler.artifact_bytes = 100 << 10);
    refused(&engine, standard(Process::Sla), rule::COMPILE_LIMIT, "machine code").await;
}

#[tokio::test]
async fn types_nested_without_end_break_no_server() {
    let engine = engine(|_| {});
    for depth in [1_000, 90_000] {
        let refused = engine.admit(nested(depth), &Grants::all()).await.map(|it| it.name).unwrap_err();
        let rules = [rule::NOT_A_COMPONENT, rule::UNKNOWN_WORLD, rule::DOES_NOT_COMPILE];
        assert!(rules.contains(&refused.rule), "{refused}");
    }
    assert_healthy(&engine).await;
}
