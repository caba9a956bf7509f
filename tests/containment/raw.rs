//! What Rust does not write by itself: the policy `calm` with another module in it, made of single instructions, behind its
//! interface `json`.

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, CodeSection, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentInstanceSection, ComponentSection, ComponentTypeSection, ComponentValType,
    ExportKind, ExportSection, Function, FunctionSection, ImportSection, InstanceSection, Instruction, MemArg,
    MemorySection, MemoryType, Module, ModuleArg, ModuleSection, PrimitiveValType, RefType, TableSection, TableType,
    TypeSection, ValType,
};
use wasmparser::{ComponentAlias, Parser, Payload, Validator};

use super::given::{bytes, renamed};

/// The module behind `json`.
pub(crate) struct Raw {
    /// What `validate` does; it takes the address and length of the event, and returns the address of those of its answer.
    pub(crate) validate: Vec<Instruction<'static>>,
    /// How memory is allocated for the event; it returns an address.
    pub(crate) realloc: Vec<Instruction<'static>>,
    /// Its tables: how many elements each has.
    pub(crate) tables: Vec<u64>,
    /// Memories of its own, besides that of `calm`, in which it works.
    pub(crate) memories: u32,
    /// How often it is instantiated.
    pub(crate) instances: u32,
}

impl Default for Raw {
    /// Answers every event with `ok`.
    fn default() -> Self {
        Self {
            validate: answer(8, 2, *b"ok"),
            realloc: vec![Instruction::I32Const(1024)],
            tables: vec![1],
            memories: 0,
            instances: 1,
        }
    }
}

/// Writes address and length of an answer, and two bytes behind them.
pub(crate) fn answer(address: i32, length: i32, text: [u8; 2]) -> Vec<Instruction<'static>> {
    let at = |offset| MemArg {
        offset,
        align: 0,
        memory_index: 0,
    };
    vec![
        Instruction::I32Const(0),
        Instruction::I32Const(address),
        Instruction::I32Store(at(0)),
        Instruction::I32Const(0),
        Instruction::I32Const(length),
        Instruction::I32Store(at(4)),
        Instruction::I32Const(0),
        Instruction::I32Const(u16::from_le_bytes(text).into()),
        Instruction::I32Store16(at(8)),
        Instruction::I32Const(0),
    ]
}

/// The instance that has the memory of a component.
fn owner_of_memory(component: &[u8]) -> u32 {
    let mut owner = None;
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ComponentAliasSection(section) = payload.expect("a component") {
            for alias in section {
                if let ComponentAlias::CoreInstanceExport {
                    instance_index, name, ..
                } = alias.expect("an alias")
                    && name == "memory"
                {
                    owner = owner.or(Some(instance_index));
                }
            }
        }
    }
    owner.expect("a memory")
}

impl Raw {
    /// A policy that has this module behind `json`, and is `calm` otherwise.
    pub(crate) fn policy(&self) -> Vec<u8> {
        let mut component = renamed(&bytes("calm"), "tidegate:policy/json@", "tidegate:policy/jsan@");
        let types = Validator::new().validate_all(&component).expect("a component");
        let types = types.as_ref();
        let [validate, realloc, catalog, next] = [0, 1, 2, 3].map(|number| types.function_count() + number);
        let (memory, ty) = (types.memory_count(), types.component_type_count());
        let owner = owner_of_memory(&component);
        let (function, exports) = (types.component_function_count(), types.component_instance_count());

        ModuleSection(&self.module()).append_to_component(&mut component);
        let mut instances = InstanceSection::new();
        for _ in 0..self.instances {
            instances.instantiate(types.module_count(), [("calm", ModuleArg::Instance(owner))]);
        }
        instances.append_to_component(&mut component);

        let mut aliases = ComponentAliasSection::new();
        let raw = types.core_instance_count();
        for (instance, kind, name) in [
            (raw, ExportKind::Func, "validate"),
            (raw, ExportKind::Func, "realloc"),
            (raw, ExportKind::Func, "catalog"),
            (raw, ExportKind::Func, "next"),
            (owner, ExportKind::Memory, "memory"),
        ] {
            aliases.alias(Alias::CoreInstanceExport { instance, kind, name });
        }
        aliases.append_to_component(&mut component);

        let text = ComponentValType::Primitive(PrimitiveValType::String);
        let mut function_types = ComponentTypeSection::new();
        for parameters in [
            &["event", "attributes"][..],
            &["request", "attributes"],
            &[],
            &["request"],
        ] {
            let parameters = parameters.iter().map(|name| (*name, text)).collect::<Vec<_>>();
            function_types.function().params(parameters).result(Some(text));
        }
        function_types.append_to_component(&mut component);

        let options = [
            CanonicalOption::UTF8,
            CanonicalOption::Memory(memory),
            CanonicalOption::Realloc(realloc),
        ];
        let mut lifted = CanonicalFunctionSection::new();
        lifted
            .lift(validate, ty, options)
            .lift(validate, ty + 1, options)
            .lift(catalog, ty + 2, options)
            .lift(next, ty + 3, options);
        lifted.append_to_component(&mut component);

        let [of_event, of_request, of_nothing, of_attempt] = [0, 1, 2, 3].map(|number| function + number);
        let mut json = ComponentInstanceSection::new();
        json.export_items([
            ("validate", ComponentExportKind::Func, of_event),
            ("migrate", ComponentExportKind::Func, of_request),
            ("next-attempt", ComponentExportKind::Func, of_attempt),
            ("process", ComponentExportKind::Func, of_request),
            ("catalog", ComponentExportKind::Func, of_nothing),
        ]);
        json.append_to_component(&mut component);
        let mut export = ComponentExportSection::new();
        export.export(
            "tidegate:policy/json@0.2.0",
            ComponentExportKind::Instance,
            exports,
            None,
        );
        export.append_to_component(&mut component);
        component
    }

    fn module(&self) -> Module {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        types.ty().function([ValType::I32; 2], [ValType::I32]);
        types.ty().function([], [ValType::I32]);
        let memory = MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        let mut imports = ImportSection::new();
        imports.import("calm", "memory", memory);
        let mut functions = FunctionSection::new();
        functions.function(0).function(0).function(2).function(1);
        let mut tables = TableSection::new();
        for &minimum in &self.tables {
            tables.table(TableType {
                element_type: RefType::FUNCREF,
                table64: false,
                minimum,
                maximum: None,
                shared: false,
            });
        }
        let mut memories = MemorySection::new();
        for _ in 0..self.memories {
            memories.memory(memory);
        }
        let mut exports = ExportSection::new();
        exports
            .export("validate", ExportKind::Func, 0)
            .export("realloc", ExportKind::Func, 1)
            .export("catalog", ExportKind::Func, 2)
            .export("next", ExportKind::Func, 3);
        let mut code = CodeSection::new();
        let trap = vec![Instruction::Unreachable];
        for instructions in [&self.validate, &self.realloc, &trap, &trap] {
            let mut function = Function::new([]);
            for instruction in instructions {
                function.instruction(instruction);
            }
            function.instruction(&Instruction::End);
            code.function(&function);
        }
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&functions)
            .section(&tables)
            .section(&memories)
            .section(&exports)
            .section(&code);
        module
    }
}
