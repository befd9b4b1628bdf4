use std::{
    fmt,
    path::{Path, PathBuf},
};

use cryo_io::{Finding, Severity};
use serde::Serialize;
use serde_json::{Map, Value};

/// What is said of one file.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    path: PathBuf,
    pub(crate) format: Option<String>,
    facts: Map<String, Value>,
    pub(crate) findings: Vec<Finding>,
    /// Whether all of it could be read, whatever the findings.
    #[serde(skip)]
    pub(crate) was_read: bool,
    #[serde(skip)]
    lines: Vec<(&'static str, String)>,
}

impl Report {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            format: None,
            facts: Map::new(),
            findings: Vec::new(),
            was_read: false,
            lines: Vec::new(),
        }
    }

    /// A fact: a key and a value for programs, a name and a text for people.
    pub(crate) fn fact(
        &mut self,
        key: &str,
        value: impl Serialize,
        name: &'static str,
        text: impl Into<String>,
    ) {
        self.facts.insert(
            key.to_owned(),
            serde_json::to_value(value).unwrap_or(Value::Null),
        );
        self.lines.push((name, text.into()));
    }

    pub(crate) fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = self.format.as_deref().unwrap_or("not read");
        writeln!(f, "{} — {format}", self.path.display())?;
        for (name, text) in &self.lines {
            let mut texts = text.lines();
            writeln!(f, "  {name:<15} {}", texts.next().unwrap_or_default())?;
            for more in texts {
                writeln!(f, "  {:<15} {more}", "")?;
            }
        }
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        Ok(())
    }
}

/// A number with at most seven digits, without needless zeros.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor();
    if !(-4.0..7.0).contains(&magnitude) {
        return format!("{value:.4e}");
    }
    let digits = (6.0 - magnitude).clamp(0.0, 10.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
