//! Reads the modules of a crate: their files, what each defines and imports, and the paths in them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Item, ItemMod};

use super::uses::{Import, Use, Uses, is_for_tests};
use crate::tree;

/// The modules of a crate. The first is its root.
#[derive(Debug, Default)]
pub(super) struct Modules {
    pub(super) all: Vec<Module>,
}

/// A module: a file, or what stands in braces.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    /// What is defined, with the module in which it is; another one only for macros that are exported.
    pub(super) items: BTreeMap<String, usize>,
    /// What is imported.
    pub(super) imports: Vec<Import>,
    /// The paths in it.
    pub(super) uses: Vec<Use>,
}

impl Modules {
    /// Reads a crate from the file of its root.
    pub(super) fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        let folder = root.parent().expect("a folder");
        modules.add_file(root, folder, None);
        modules
    }

    fn add_file(&mut self, file: &Path, folder: &Path, parent: Option<usize>) -> usize {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(file, folder, parent, &parsed.items)
    }

    /// `folder` is where the children stand.
    fn add(&mut self, file: &Path, folder: &Path, parent: Option<usize>, items: &[Item]) -> usize {
        let number = self.all.len();
        let Uses { imports, paths } = Uses::of(items);
        self.all.push(Module {
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            items: BTreeMap::new(),
            imports,
            uses: paths,
        });
        for item in items {
            match item {
                Item::Mod(module) if !is_for_tests(&module.attrs) => {
                    let child = self.add_child(file, folder, number, module);
                    self.all[number].children.insert(module.ident.to_string(), child);
                }
                Item::Macro(definition) => {
                    if let Some(name) = &definition.ident {
                        let exported = definition
                            .attrs
                            .iter()
                            .any(|attribute| attribute.path().is_ident("macro_export"));
                        let home = if exported { 0 } else { number };
                        self.all[home].items.insert(name.to_string(), number);
                    }
                }
                other => {
                    if let Some(name) = name(other) {
                        self.all[number].items.insert(name, number);
                    }
                }
            }
        }
        number
    }

    fn add_child(&mut self, file: &Path, folder: &Path, parent: usize, module: &ItemMod) -> usize {
        let name = module.ident.to_string();
        let folder_of_child = folder.join(&name);
        if let Some((_, items)) = &module.content {
            return self.add(file, &folder_of_child, Some(parent), items);
        }
        let places = match path_of(&module.attrs) {
            Some(path) => vec![file.parent().expect("a folder").join(path)],
            None => vec![folder.join(format!("{name}.rs")), folder_of_child.join("mod.rs")],
        };
        match places.iter().find(|place| place.is_file()) {
            Some(place) => self.add_file(place, &folder_of_child, Some(parent)),
            // The compiler reports that.
            None => self.add(file, &folder_of_child, Some(parent), &[]),
        }
    }

    /// From file to file, by the number of the first module of each.
    pub(super) fn edges(&self) -> Vec<(usize, usize)> {
        let uses = self.all.iter().enumerate();
        let edges = uses.flat_map(|(from, module)| module.uses.iter().filter_map(move |used| self.edge(from, used)));
        edges.collect()
    }

    /// The edge that a path in a module makes, when it makes one.
    fn edge(&self, from: usize, used: &Use) -> Option<(usize, usize)> {
        let to = self.resolve(from, &used.path)?;
        let edge = (self.file(from), self.file(to));
        (edge.0 != edge.1).then_some(edge)
    }

    /// A circle, a line for each file.
    pub(super) fn shown(&self, circle: &[usize]) -> String {
        let next = circle.iter().cycle().skip(1);
        let lines = circle.iter().zip(next).map(|(&from, &to)| {
            let (file, used) = self.first_use(from, to);
            let (file, line) = (tree::short(file), used.line);
            format!("  {file}:{line} uses {}, in\n", used.path.join("::"))
        });
        let first = tree::short(&self.all[circle[0]].file);
        format!("{}  {first}\n", lines.collect::<String>())
    }

    /// Why one file depends on another.
    fn first_use(&self, from: usize, to: usize) -> (&Path, &Use) {
        let modules = self.all.iter().enumerate();
        let mut all = modules.flat_map(|(number, module)| module.uses.iter().map(move |used| (number, module, used)));
        let found = all.find(|(number, _, used)| self.edge(*number, used) == Some((from, to)));
        let (_, module, used) = found.expect("an edge has a use");
        (&module.file, used)
    }

    /// The number of a file: that of its first module.
    fn file(&self, module: usize) -> usize {
        let file = &self.all[module].file;
        self.all.iter().position(|other| other.file == *file).unwrap_or(module)
    }
}

/// `#[path = "…"]`
fn path_of(attributes: &[Attribute]) -> Option<String> {
    let path = attributes.iter().find(|attribute| attribute.path().is_ident("path"))?;
    match &path.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The name that an item defines.
fn name(item: &Item) -> Option<String> {
    let (attributes, name) = match item {
        Item::Const(item) => (&item.attrs, &item.ident),
        Item::Enum(item) => (&item.attrs, &item.ident),
        Item::Fn(item) => (&item.attrs, &item.sig.ident),
        Item::Static(item) => (&item.attrs, &item.ident),
        Item::Struct(item) => (&item.attrs, &item.ident),
        Item::Trait(item) => (&item.attrs, &item.ident),
        Item::TraitAlias(item) => (&item.attrs, &item.ident),
        Item::Type(item) => (&item.attrs, &item.ident),
        Item::Union(item) => (&item.attrs, &item.ident),
        _ => return None,
    };
    (!is_for_tests(attributes)).then(|| name.to_string())
}
