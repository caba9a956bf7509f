//! A bundle as data in a prebuilt component: put into it without a compiler, and found again. Knows nothing of what is in a bundle.
//!
//! The component keeps its code. Its memory gets pages for the bundle behind all that it had, one data segment fills them, and another
//! one says where they are: behind [`MARK`], which stands in the memory of a prebuilt component. A custom section says what it is.

use std::{borrow::Cow, ops::Range};

use wasm_encoder::{CustomSection, Encode, MemorySection, MemoryType, Section as _};
use wasmparser::{BinaryReader, Data, DataKind, DataSectionReader, MemorySectionReader, Operator};

/// What stands in the memory of a prebuilt component before the address and the length of the bundle, two numbers of 32 bits.
const MARK: &[u8; 16] = b"tidegate/bundle:";
/// The custom section that says what a file is.
const SECTION: &str = "tidegate";

const HEADER: usize = 8;
const PAGE: usize = 64 << 10;

const CUSTOM: u8 = 0;
/// Of a component.
const CORE_MODULE: u8 = 1;
/// Of a module.
const MEMORY: u8 = 5;
const DATA: u8 = 11;

/// Why nothing can be put into a component.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// It cannot be read.
    #[error("the prebuilt component cannot be read")]
    Unreadable(#[from] wasmparser::BinaryReaderError),
    /// It is not made for that.
    #[error("the prebuilt component has no place for a bundle")]
    NoPlace,
    /// Its memory would have too many pages.
    #[error("the bundle is too large for a memory")]
    TooLarge,
}

/// One section: its first byte, and its content.
struct Section {
    id: u8,
    whole: Range<usize>,
    content: Range<usize>,
}

/// Puts a bundle into a prebuilt component. `about` says in a custom section what the file is. The same input gives the same bytes.
pub fn embed(prebuilt: &[u8], bundle: &str, about: &str) -> Result<Vec<u8>, EmbedError> {
    let mut made = prebuilt.get(..HEADER).ok_or(EmbedError::NoPlace)?.to_vec();
    made.reserve(prebuilt.len() + bundle.len() + about.len());
    let mut is_embedded = false;
    for section in sections(prebuilt)? {
        let module = &prebuilt[section.content.clone()];
        match mark(module, section.id)? {
            Some(at) if !is_embedded => {
                append(&mut made, CORE_MODULE, &module_with(module, at, bundle)?);
                is_embedded = true;
            }
            _ => made.extend_from_slice(&prebuilt[section.whole]),
        }
    }
    if !is_embedded {
        return Err(EmbedError::NoPlace);
    }
    let section = CustomSection {
        name: Cow::Borrowed(SECTION),
        data: Cow::Borrowed(about.as_bytes()),
    };
    section.append_to(&mut made);
    Ok(made)
}

/// The bundle of a component that [`embed`] has made of this prebuilt one. `None`: it is another component, and may have any code.
pub fn embedded<'a>(component: &'a [u8], prebuilt: &[u8]) -> Option<&'a str> {
    let bundle = found_in(component).ok()??;
    // Nothing that a file says of itself is believed.
    let made = embed(prebuilt, bundle, "").ok()?;
    same_code(component, &made).ok()?.then_some(bundle)
}

/// Whether a component says that it was made of a prebuilt one, this or another.
pub(crate) fn says_embedded(component: &[u8]) -> bool {
    let names = |section: &Section| {
        let mut reader = BinaryReader::new(&component[section.content.clone()], 0);
        section.id == CUSTOM && reader.read_string().is_ok_and(|name| name == SECTION)
    };
    sections(component).is_ok_and(|sections| sections.iter().any(names))
}

/// Whether two components differ in custom sections at most. These mean nothing when a component runs.
fn same_code(one: &[u8], other: &[u8]) -> Result<bool, wasmparser::BinaryReaderError> {
    let is_code = |section: &Section| section.id != CUSTOM;
    let (ones, others) = (sections(one)?, sections(other)?);
    let ones = ones.into_iter().filter(is_code).map(|section| &one[section.whole]);
    let others = others.into_iter().filter(is_code).map(|section| &other[section.whole]);
    Ok(one.get(..HEADER) == other.get(..HEADER) && ones.eq(others))
}

/// What would be the bundle, if [`embed`] had made the component.
fn found_in(component: &[u8]) -> Result<Option<&str>, wasmparser::BinaryReaderError> {
    for section in sections(component)? {
        if section.id != CORE_MODULE {
            continue;
        }
        let module = &component[section.content];
        let segments: Vec<Data<'_>> = data(module)?.into_iter().collect::<Result<_, _>>()?;
        if let [.., bundle, place] = &segments[..]
            && place.data.len() == 2 * size_of::<u32>()
        {
            return Ok(std::str::from_utf8(bundle.data).ok());
        }
    }
    Ok(None)
}

/// Where in the memory of a module the place of the bundle is stated.
fn mark(module: &[u8], id: u8) -> Result<Option<usize>, wasmparser::BinaryReaderError> {
    if id != CORE_MODULE {
        return Ok(None);
    }
    for segment in data(module)? {
        let segment = segment?;
        let DataKind::Active { offset_expr, .. } = segment.kind else {
            continue;
        };
        let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
            continue;
        };
        let found = segment.data.windows(MARK.len()).position(|window| window == MARK);
        if let Some(found) = found {
            return Ok(usize::try_from(value).ok().map(|start| start + found + MARK.len()));
        }
    }
    Ok(None)
}

/// A module with the bundle in its memory.
fn module_with(module: &[u8], place: usize, bundle: &str) -> Result<Vec<u8>, EmbedError> {
    let mut made = module[..HEADER].to_vec();
    made.reserve(module.len() + bundle.len());
    let mut start = None;
    for section in sections(module)? {
        let content = &module[section.content.clone()];
        match section.id {
            MEMORY => {
                let memory = MemorySectionReader::new(BinaryReader::new(content, 0))?
                    .into_iter()
                    .next();
                let memory = memory.ok_or(EmbedError::NoPlace)??;
                let pages = bundle.len().div_ceil(PAGE) as u64;
                let mut memories = MemorySection::new();
                memories.memory(MemoryType {
                    minimum: memory.initial + pages,
                    maximum: memory.maximum,
                    memory64: memory.memory64,
                    shared: memory.shared,
                    page_size_log2: memory.page_size_log2,
                });
                memories.append_to(&mut made);
                start = usize::try_from(memory.initial).ok().map(|pages| pages * PAGE);
            }
            DATA => {
                let start = start.ok_or(EmbedError::NoPlace)?;
                let mut reader = BinaryReader::new(content, 0);
                let mut data = Vec::with_capacity(content.len() + bundle.len() + 64);
                (reader.read_var_u32()? + 2).encode(&mut data);
                data.extend_from_slice(&content[reader.original_position()..]);
                let [at, bytes] = [number(start)?, number(bundle.len())?];
                segment(&mut data, start, bundle.as_bytes())?;
                segment(&mut data, place, &[at.to_le_bytes(), bytes.to_le_bytes()].concat())?;
                append(&mut made, DATA, &data);
            }
            _ => made.extend_from_slice(&module[section.whole]),
        }
    }
    Ok(made)
}

/// Adds an active segment of the first memory.
fn segment(data: &mut Vec<u8>, at: usize, bytes: &[u8]) -> Result<(), EmbedError> {
    let at = i32::try_from(at).map_err(|_| EmbedError::TooLarge)?;
    data.push(0);
    wasm_encoder::ConstExpr::i32_const(at).encode(data);
    bytes.encode(data);
    Ok(())
}

fn number(number: usize) -> Result<u32, EmbedError> {
    u32::try_from(number).map_err(|_| EmbedError::TooLarge)
}

fn append(made: &mut Vec<u8>, id: u8, content: &[u8]) {
    made.push(id);
    content.encode(made);
}

/// The data segments of a module.
fn data(module: &[u8]) -> Result<DataSectionReader<'_>, wasmparser::BinaryReaderError> {
    let found = sections(module)?.into_iter().find(|section| section.id == DATA);
    let content = found.map_or(&[0][..], |section| &module[section.content]);
    DataSectionReader::new(BinaryReader::new(content, 0))
}

/// The sections of a component or a module.
fn sections(bytes: &[u8]) -> Result<Vec<Section>, wasmparser::BinaryReaderError> {
    let mut reader = BinaryReader::new(bytes, 0);
    reader.read_bytes(HEADER)?;
    let mut sections = Vec::new();
    while !reader.eof() {
        let start = reader.original_position();
        let id = reader.read_u8()?;
        let size = reader.read_var_u32()? as usize;
        let content = reader.original_position();
        reader.read_bytes(size)?;
        sections.push(Section {
            id,
            whole: start..content + size,
            content: content..content + size,
        });
    }
    Ok(sections)
}
