//! Figures as a table for people and as JSON.

use serde_json::{Map, Value, json};

/// Rows of figures.
pub(crate) struct Table {
    /// What the rows are about, and what each column is.
    head: Vec<&'static str>,
    rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    pub(crate) fn new(head: &[&'static str]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, what: impl Into<String>, figures: &[f64]) {
        self.rows.push((what.into(), figures.to_vec()));
    }

    pub(crate) fn print(&self) {
        println!(
            "| {} |\n|---{}|",
            self.head.join(" | "),
            "|---:".repeat(self.head.len() - 1)
        );
        for (what, figures) in &self.rows {
            let cells: Vec<_> = figures.iter().map(|figure| cell(*figure)).collect();
            println!("| {what} | {} |", cells.join(" | "));
        }
        println!();
    }

    pub(crate) fn json(&self) -> Value {
        let row = |(what, figures): &(String, Vec<f64>)| {
            let named = self.head[1..].iter().zip(figures);
            let named = named.map(|(name, figure)| ((*name).to_owned(), json!(figure)));
            let what = (self.head[0].to_owned(), json!(what));
            Value::Object([what].into_iter().chain(named).collect::<Map<_, _>>())
        };
        self.rows.iter().map(row).collect()
    }
}

/// Two digits where there are few, none where there are many.
fn cell(figure: f64) -> String {
    if figure == 0.0 || figure >= 100.0 {
        format!("{figure:.0}")
    } else if figure >= 10.0 {
        format!("{figure:.1}")
    } else {
        format!("{figure:.2}")
    }
}
