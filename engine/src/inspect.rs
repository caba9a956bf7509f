//! Reads a file before anything in it is compiled: whether it is a component, what it imports and what it exports.

use wasmparser::{Encoding, Parser, Payload};

use crate::{load_error::LoadError, wasi};

/// The names that a component imports and exports at its top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

impl Shape {
    /// Reads the names. Refuses a file that is no component, and one with an import that no policy may have.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, LoadError> {
        let shape = read(bytes)?;
        match shape.imports.iter().find(|name| !wasi::may_import(name)) {
            Some(name) => Err(LoadError::ForbiddenImport { name: name.clone() }),
            None => Ok(shape),
        }
    }

    /// The version in which the interface `name` is exported, when it is another one.
    pub(crate) fn other_contract(&self, name: &str) -> Option<&str> {
        let (interface, _) = name.split_once('@')?;
        let mut versions = self.exports.iter().filter_map(|export| export.split_once('@'));
        versions
            .find(|(exported, _)| *exported == interface)
            .map(|(_, version)| version)
    }
}

fn read(bytes: &[u8]) -> Result<Shape, LoadError> {
    let not_a_component = |reason: String| LoadError::NotAComponent { reason };
    if !Parser::is_component(bytes) {
        return Err(not_a_component(if Parser::is_core_wasm(bytes) {
            "it is a core module; build it with `--target wasm32-wasip2`".to_owned()
        } else if bytes.is_empty() {
            "it is empty".to_owned()
        } else {
            "it does not begin as WebAssembly does".to_owned()
        }));
    }
    let mut shape = Shape {
        imports: Vec::new(),
        exports: Vec::new(),
    };
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        let malformed = |error: wasmparser::BinaryReaderError| not_a_component(error.to_string());
        match payload.map_err(malformed)? {
            Payload::Version { encoding, .. } if encoding == Encoding::Component || depth > 0 => {
                depth += 1;
            }
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    shape.imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    shape.exports.push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::load_error::LoadError;

    fn refusal(bytes: &[u8]) -> String {
        Shape::of(bytes).expect_err("refused").to_string()
    }

    #[test]
    fn a_file_that_is_no_component_is_refused_with_what_it_is() {
        assert!(refusal(b"").contains("it is empty"));
        assert!(refusal(b"PK\x03\x04 a zip file").contains("does not begin as WebAssembly"));
        assert!(refusal(b"\0asm\x01\0\0\0").contains("wasm32-wasip2"));
    }

    #[test]
    fn a_truncated_component_is_refused() {
        let error = Shape::of(b"\0asm\x0d\0\x01\0\x07\xff").expect_err("refused");
        assert!(matches!(error, LoadError::NotAComponent { .. }), "{error}");
    }
}
