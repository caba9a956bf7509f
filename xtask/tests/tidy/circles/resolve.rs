//! Where a path leads: the module that defines what it names.

use super::modules::{Module, Modules};

/// More steps than any path needs; imports can lead back to each other.
const STEPS: usize = 20;

impl Modules {
    /// The module in which what a path names is defined; `None`: in another crate.
    pub(super) fn resolve(&self, from: usize, path: &[String]) -> Option<usize> {
        self.start(from, path, STEPS)
    }

    /// Follows a path from the module that it stands in.
    fn start(&self, from: usize, path: &[String], steps: usize) -> Option<usize> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(self.follow(0, rest, steps)),
            "self" => Some(self.follow(from, rest, steps)),
            "super" => {
                let mut at = self.all[from].parent?;
                let mut rest = rest;
                while let [first, others @ ..] = rest
                    && first == "super"
                {
                    at = self.all[at].parent?;
                    rest = others;
                }
                Some(self.follow(at, rest, steps))
            }
            _ => self.within(from, path, steps),
        }
    }

    /// Follows a path that goes on in a module. What cannot be found there (a macro made it, or it is another crate's) counts as its own.
    fn follow(&self, at: usize, path: &[String], steps: usize) -> usize {
        self.within(at, path, steps).unwrap_or(at)
    }

    /// Follows a path whose first name is known in a module.
    fn within(&self, at: usize, path: &[String], steps: usize) -> Option<usize> {
        let Some((name, rest)) = path.split_first() else {
            return Some(at);
        };
        let module = &self.all[at];
        if let Some(child) = module.children.get(name) {
            return Some(self.follow(*child, rest, steps));
        }
        module
            .items
            .get(name)
            .copied()
            .or_else(|| self.imported(at, module, path, steps))
    }

    fn imported(&self, at: usize, module: &Module, path: &[String], steps: usize) -> Option<usize> {
        let (name, rest) = path.split_first()?;
        let named = module.imports.iter().find(|import| import.name.as_ref() == Some(name));
        if let Some(import) = named {
            let path = [&import.path, rest].concat();
            // `use name;` makes visible what the module defines, or a crate.
            return if path == [name.as_str()] {
                None
            } else {
                self.start(at, &path, steps)
            };
        }
        let steps = steps.checked_sub(1)?;
        let globs = module.imports.iter().filter(|import| import.name.is_none());
        globs
            .filter_map(|glob| self.start(at, &glob.path, steps))
            .filter(|source| *source != at)
            .find_map(|source| self.within(source, path, steps))
    }
}
