//! Components made by hand, whose answers are whatever bytes a test puts into their memory: what no tool chain would give.

use std::path::Path;
use std::sync::Arc;

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, Instruction, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldId, WorldItem};

/// Where the answers stand in the memory of a forged component.
pub(crate) const CARD: usize = 1024;
pub(crate) const SCHEMA: usize = 1088;
pub(crate) const DEFAULTS: usize = 1104;
pub(crate) const VALID: usize = 1120;
pub(crate) const ANSWER: usize = 2048;
const TEXTS: usize = 4096;
/// First byte that arguments are put at.
const HEAP: i32 = 64 << 10;
/// Pages of memory.
const PAGES: u64 = 16;

/// The memory of a component that says who it is, and answers with zeros.
pub(crate) fn honest() -> Vec<u8> {
    let mut memory = vec![0; 8 << 10];
    let mut texts = TEXTS;
    let mut put = |memory: &mut Vec<u8>, at: usize, text: &str| {
        memory[texts..texts + text.len()].copy_from_slice(text.as_bytes());
        word(memory, at, u32::try_from(texts).unwrap());
        word(memory, at + 4, u32::try_from(text.len()).unwrap());
        texts += text.len();
    };
    for (n, text) in ["forged", "1.0.0", "Made by hand."].into_iter().enumerate() {
        put(&mut memory, CARD + 8 * n, text);
    }
    put(&mut memory, SCHEMA, r#"{"type": "object"}"#);
    put(&mut memory, DEFAULTS, "{}");
    memory
}

/// Writes 32 bits.
pub(crate) fn word(memory: &mut [u8], at: usize, value: u32) {
    memory[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A component for service levels with this memory.
pub(crate) fn component(memory: &[u8]) -> Arc<[u8]> {
    let (resolve, world) = policy();
    let mut module = core(&resolve, world, memory);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap().into()
}

fn policy() -> (Resolve, WorldId) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"));
    let mut resolve = Resolve::default();
    let mut last = None;
    for package in ["types", "plugin", "log", "sla"] {
        last = Some(resolve.push_dir(root.join(package)).unwrap().0);
    }
    let world = resolve.select_world(&[last.unwrap()], Some("policy")).unwrap();
    (resolve, world)
}

fn core(resolve: &Resolve, world: WorldId, memory: &[u8]) -> Vec<u8> {
    let (mut types, mut functions, mut exports, mut code) =
        (TypeSection::new(), FunctionSection::new(), ExportSection::new(), CodeSection::new());
    let valtype = |ty: &WasmType| match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    };
    let mut count = 0;
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = resolve.name_world_key(key);
        for (name, function) in &resolve.interfaces[*id].functions {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            types.ty().function(signature.params.iter().map(valtype), signature.results.iter().map(valtype));
            functions.function(count);
            exports.export(&format!("{interface}#{name}"), ExportKind::Func, count);
            let at = match name.as_str() {
                "describe" => CARD,
                "schema" => SCHEMA,
                "defaults" => DEFAULTS,
                "validate" => VALID,
                _ => ANSWER,
            };
            let mut body = Function::new([]);
            body.instruction(&Instruction::I32Const(i32::try_from(at).unwrap()));
            body.instruction(&Instruction::End);
            code.function(&body);
            count += 1;
        }
    }
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    functions.function(count);
    exports.export("cabi_realloc", ExportKind::Func, count);
    exports.export("memory", ExportKind::Memory, 0);
    let mut body = Function::new([(1, ValType::I32)]);
    for instruction in [
        Instruction::GlobalGet(0),
        Instruction::I32Const(7),
        Instruction::I32Add,
        Instruction::I32Const(-8),
        Instruction::I32And,
        Instruction::LocalTee(4),
        Instruction::LocalGet(3),
        Instruction::I32Add,
        Instruction::GlobalSet(0),
        Instruction::LocalGet(4),
        Instruction::End,
    ] {
        body.instruction(&instruction);
    }
    code.function(&body);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: PAGES, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut globals = GlobalSection::new();
    globals.global(GlobalType { val_type: ValType::I32, mutable: true, shared: false }, &ConstExpr::i32_const(HEAP));
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), memory.iter().copied());
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&globals).section(&exports);
    module.section(&code).section(&data);
    module.finish()
}
