//! Numbers to lines of a Markdown table.

use std::fmt::Write as _;

/// A measure: its values in one unit, what is aimed at, what it is compared with.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Unit of values, target and baseline.
    pub unit: &'static str,
    /// All values.
    pub values: Vec<f64>,
    /// Which of them counts.
    pub figure: Figure,
    /// The figure should be below this.
    pub target: Option<f64>,
    /// What was measured beside it in this run, and its value.
    pub baseline: Option<(&'static str, f64)>,
}

/// The figure of a measure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// The middle value.
    Median,
    /// The value that one in a hundred exceeds.
    P99,
}

impl Row {
    /// A measure by its median, without target and baseline.
    pub fn new(what: impl Into<String>, unit: &'static str, values: Vec<f64>) -> Self {
        Self {
            what: what.into(),
            unit,
            values,
            figure: Figure::Median,
            target: None,
            baseline: None,
        }
    }

    /// With a target.
    pub fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self
    }

    /// By its 99th percentile.
    pub fn p99(mut self) -> Self {
        self.figure = Figure::P99;
        self
    }

    /// Beside a baseline.
    pub fn against(mut self, name: &'static str, value: f64) -> Self {
        self.baseline = Some((name, value));
        self
    }

    /// One line of the table.
    pub fn line(&self) -> String {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
            return format!("| {} | not measured | | 0 | | | |\n", self.what);
        };
        let (name, value) = match self.figure {
            Figure::Median => ("", percentile(&sorted, 0.5)),
            Figure::P99 => (" (p99)", percentile(&sorted, 0.99)),
        };
        let unit = self.unit;
        let mut line = format!(
            "| {}{name} | {} {unit} | {} – {} | {} |",
            self.what,
            short(value),
            short(*least),
            short(*most),
            sorted.len()
        );
        match self.target {
            Some(target) => {
                let verdict = if value < target { "met" } else { "**missed**" };
                let _ = write!(line, " < {} {unit} | {verdict} |", short(target));
            }
            None => line.push_str(" | |"),
        }
        match self.baseline {
            Some((name, base)) if base > 0.0 => {
                let _ = write!(
                    line,
                    " {} × {name} ({} {unit}) |",
                    short(value / base),
                    short(base)
                );
            }
            _ => line.push_str(" |"),
        }
        line.push('\n');
        line
    }
}

/// Head of the table.
pub const HEAD: &str = "\
| measure | median | least – most | n | target | | ratio to a baseline of the same run |
|---|---:|---:|---:|---:|---|---|
";

/// The value that a share of `sorted` does not exceed.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(place.clamp(1, sorted.len().max(1)) - 1)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Three digits that matter.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.0005 || v == 0.0 => 2,
        _ => 5,
    };
    format!("{value:.digits$}")
}
