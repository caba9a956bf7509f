//! Writes `wit/` as Rust: each record and enum of the contract with its documentation, its JSON form and what wasmtime
//! needs to read and write it.
//!
//! Why not `wasmtime::component::bindgen!`: it gives enums the derives of records and no attributes, so serde would write
//! `NoPath` where the contract says `no-path`; and its world looks up and type-checks every export for each instance.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use wit_parser::{Docs, Enum, Interface, Record, Resolve, Type, TypeDefKind};

fn main() -> Result<(), Box<dyn Error>> {
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    // A crate does not see it otherwise.
    println!("cargo::rustc-env=TIDEGATE_TARGET={}", env::var("TARGET")?);
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(&wit)?;
    let package = &resolve.packages[package];

    let version = package.name.version.as_ref().ok_or("the contract has no version")?;
    let names: Vec<_> = package.interfaces.keys().collect();
    let mut code = format!(
        "/// The version of the contract that this host speaks.\npub(crate) const VERSION: &str = \"{version}\";\n\n\
         /// The interfaces that a policy exports.\npub(crate) const INTERFACES: &[&str] = &{names:?};\n"
    );
    for &interface in package.interfaces.values() {
        types(&mut code, &resolve, &resolve.interfaces[interface])?;
    }
    let file = Path::new(&env::var("OUT_DIR")?).join("contract.rs");
    Ok(fs::write(file, code)?)
}

/// The types that an interface defines; those that it uses are written where they are defined.
fn types(code: &mut String, resolve: &Resolve, interface: &Interface) -> Result<(), Box<dyn Error>> {
    for (name, &id) in &interface.types {
        let definition = &resolve.types[id];
        match &definition.kind {
            TypeDefKind::Record(members) => record(code, resolve, name, &definition.docs, members)?,
            TypeDefKind::Enum(cases) => enumeration(code, name, &definition.docs, cases)?,
            TypeDefKind::Type(_) => {}
            other => return Err(format!("{name} is a {}, which build.rs does not write", other.as_str()).into()),
        }
    }
    Ok(())
}

fn record(
    code: &mut String,
    resolve: &Resolve,
    name: &str,
    docs: &Docs,
    record: &Record,
) -> Result<(), Box<dyn Error>> {
    document(code, docs);
    code.push_str("#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ComponentType, Lift, Lower)]\n");
    writeln!(code, "#[component(record)]\npub struct {} {{", camel(name))?;
    for member in &record.fields {
        document(code, &member.docs);
        writeln!(code, "#[component(name = {:?})]", member.name)?;
        let (name, of_type) = (member.name.replace('-', "_"), rust(resolve, &member.ty)?);
        writeln!(code, "pub {name}: {of_type},")?;
    }
    code.push_str("}\n");
    Ok(())
}

fn enumeration(code: &mut String, name: &str, docs: &Docs, cases: &Enum) -> Result<(), Box<dyn Error>> {
    document(code, docs);
    code.push_str(
        "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ComponentType, Lift, Lower)]\n",
    );
    let name = camel(name);
    writeln!(code, "#[component(enum)]\n#[repr(u8)]\npub enum {name} {{")?;
    let mut texts = String::new();
    for case in &cases.cases {
        document(code, &case.docs);
        let (text, case) = (&case.name, camel(&case.name));
        writeln!(
            code,
            "#[component(name = {text:?})]\n#[serde(rename = {text:?})]\n{case},"
        )?;
        writeln!(texts, "Self::{case} => {text:?},")?;
    }
    writeln!(
        code,
        "}}\nimpl {name} {{\n/// The case as the contract writes it.\n\
         pub const fn as_str(self) -> &'static str {{\nmatch self {{\n{texts}}}\n}}\n}}"
    )?;
    Ok(())
}

/// A type of the contract as Rust has it.
fn rust(resolve: &Resolve, of_type: &Type) -> Result<String, Box<dyn Error>> {
    Ok(match of_type {
        Type::Bool => "bool".to_owned(),
        Type::U32 => "u32".to_owned(),
        Type::String => "String".to_owned(),
        Type::Id(id) => match &resolve.types[*id].kind {
            TypeDefKind::Option(inner) => format!("Option<{}>", rust(resolve, inner)?),
            TypeDefKind::List(inner) => format!("Vec<{}>", rust(resolve, inner)?),
            TypeDefKind::Type(alias) => rust(resolve, alias)?,
            _ => camel(resolve.types[*id].name.as_deref().ok_or("a type without a name")?),
        },
        other => return Err(format!("{other:?} is a type that build.rs does not write").into()),
    })
}

fn document(code: &mut String, docs: &Docs) {
    for line in docs.contents.iter().flat_map(|text| text.lines()) {
        code.extend(["/// ", line, "\n"]);
    }
}

/// `event-type-info` as `EventTypeInfo`.
fn camel(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}
