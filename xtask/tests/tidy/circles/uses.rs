//! Collects the paths and the imports in the items of one module, without those of its inner modules.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, ImplItem, Item, ItemMod, ItemUse, Macro, Path, Stmt, UseTree, VisRestricted,
    spanned::Spanned,
    visit::{self, Visit},
};

/// A path, and where it stands.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// A name that is imported.
#[derive(Debug)]
pub(super) struct Import {
    /// `None`: all names.
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
}

/// What is found.
#[derive(Debug, Default)]
pub(super) struct Uses {
    pub(super) imports: Vec<Import>,
    pub(super) paths: Vec<Use>,
}

impl Uses {
    pub(super) fn of(items: &[Item]) -> Self {
        let mut uses = Self::default();
        for item in items {
            uses.visit_item(item);
        }
        uses
    }

    fn import(&mut self, before: &[String], tree: &UseTree) {
        let longer = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&longer(&path.ident), &path.tree),
            UseTree::Name(name) if name.ident == "self" => {
                self.add(before.last().cloned(), before.to_vec(), name.ident.span());
            }
            UseTree::Name(name) => self.add(Some(name.ident.to_string()), longer(&name.ident), name.ident.span()),
            UseTree::Rename(name) if name.ident == "self" => {
                self.add(Some(name.rename.to_string()), before.to_vec(), name.ident.span());
            }
            UseTree::Rename(name) => {
                self.add(Some(name.rename.to_string()), longer(&name.ident), name.ident.span());
            }
            UseTree::Glob(glob) => self.add(None, before.to_vec(), glob.span()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree)),
        }
    }

    fn add(&mut self, name: Option<String>, path: Vec<String>, span: proc_macro2::Span) {
        self.paths.push(Use {
            path: path.clone(),
            line: span.start().line,
        });
        self.imports.push(Import { name, path });
    }

    /// The paths in what is given to a macro; those of its definition that begin with `$crate` are its users'.
    fn in_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.in_tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut path = vec![first.to_string()];
                    while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(next), ..] =
                        &tokens[at + 1..]
                        && one.as_char() == ':'
                        && two.as_char() == ':'
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    let line = first.span().start().line;
                    if path.len() > 1 && path[0] != "$" {
                        self.paths.push(Use { path, line });
                    }
                }
                // `$name`, `$crate::…`, `'name`
                TokenTree::Punct(punct) if punct.as_char() == '$' => {
                    at += 1;
                    while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(_), ..] =
                        tokens.get(at + 1..).unwrap_or_default()
                        && one.as_char() == ':'
                        && two.as_char() == ':'
                    {
                        at += 3;
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }
}

impl<'a> Visit<'a> for Uses {
    fn visit_item(&mut self, item: &'a Item) {
        if !attributes(item).is_some_and(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'a ImplItem) {
        let for_tests = match item {
            ImplItem::Fn(item) => is_for_tests(&item.attrs),
            ImplItem::Const(item) => is_for_tests(&item.attrs),
            _ => false,
        };
        if !for_tests {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if !matches!(statement, Stmt::Local(local) if is_for_tests(&local.attrs)) {
            visit::visit_stmt(self, statement);
        }
    }

    /// Inner modules are modules of their own.
    fn visit_item_mod(&mut self, _: &'a ItemMod) {}

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.import(&[], &item.tree);
    }

    /// `pub(in …)` limits who may use an item; it uses nothing.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}

    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_macro(&mut self, call: &'a Macro) {
        self.visit_path(&call.path);
        self.in_tokens(call.tokens.clone());
    }

    fn visit_path(&mut self, path: &'a Path) {
        // A single name is one of this module's, or is imported.
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            self.paths.push(Use {
                path: path.segments.iter().map(|segment| segment.ident.to_string()).collect(),
                line: path.span().start().line,
            });
        }
        visit::visit_path(self, path);
    }
}

/// `#[cfg(test)]`
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let test = attribute
            .path()
            .is_ident("cfg")
            .then(|| attribute.parse_args::<syn::Ident>());
        test.is_some_and(|test| test.is_ok_and(|test| test == "test"))
    })
}

fn attributes(item: &Item) -> Option<&[Attribute]> {
    Some(match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return None,
    })
}
