//! Checks a tree against the key tables: unknown keys, wrong shapes, values and ranges, and which
//! known keys this version leaves alone.

use super::diagnostic::{Finding, Severity, is_slip, nearest};
use super::excerpt::is_secret_key;
use super::model::Kept;
use super::node::{Entry, Kind, Node};
use super::params::is_reserved;
use super::schema::{self, Key, Scope, Shape, Use};
use super::yaml::join;

/// Findings after which a file is not looked at any further: nobody reads more.
const MOST_FINDINGS: usize = 500;

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Findings in order of the walk.
    pub findings: Vec<Finding>,
    /// Known keys that are set and not used.
    pub kept: Vec<Kept>,
}

/// Checks the top-level map and everything below it.
#[must_use]
pub fn check(root: &Node) -> Checked {
    let mut checked = Checked::default();
    checked.map(root, "top", "");
    if checked.findings.len() >= MOST_FINDINGS {
        let last = Finding::new(Severity::Note, "too-many-findings", root.span, "").message(
            format!("only the first {MOST_FINDINGS} findings are listed"),
        );
        checked.findings.push(last);
    }
    checked
}

impl Checked {
    fn push(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }

    fn map(&mut self, node: &Node, scope_name: &str, path: &str) {
        let Some(scope) = schema::scope(scope_name) else {
            return;
        };
        for entry in node.entries() {
            if self.findings.len() >= MOST_FINDINGS {
                return;
            }
            let path = join(path, &entry.key);
            match scope.get(&entry.key) {
                Some(key) => self.known(entry, key, &path),
                // Reported where the request fields are made.
                None if scope_name == "backend" && is_reserved(&entry.key) => {}
                // A place of the person's own, for anchors.
                None if scope_name == "top" && entry.key.starts_with("x-") => {}
                None => self.push(unknown(entry, scope_name, scope, &path)),
            }
        }
    }

    fn known(&mut self, entry: &Entry, key: &Key, path: &str) {
        self.usage(entry, key, path);
        if matches!(key.usage, Use::Removed(_)) {
            return;
        }
        if !key.fits(&entry.value) {
            self.push(wrong_shape(entry, key, path));
            return;
        }
        self.value(entry, key, path);
        let Some(scope) = &key.scope else { return };
        match &entry.value.kind {
            Kind::Map(entries) if key.named => {
                for inner in entries {
                    self.item(&inner.value, scope, &join(path, &inner.key));
                }
            }
            Kind::Map(_) => self.map(&entry.value, scope, path),
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.item(item, scope, &format!("{path}[{index}]"));
                }
            }
            _ => {}
        }
    }

    fn item(&mut self, node: &Node, scope: &str, path: &str) {
        if matches!(node.kind, Kind::Map(_)) {
            self.map(node, scope, path);
        } else {
            let mut finding = Finding::new(Severity::Error, "wrong-type", node.span, path)
                .message(format!("`{path}` must be a map, not {}", node.noun()));
            if scope == "context_path" && node.text().is_some() {
                finding = finding.help("write `- {path: ./src, permission: read}`");
            } else if scope == "agent" {
                finding = finding.help("an agent is a map with `id:` and `backend:`");
            }
            self.push(finding);
        }
    }

    fn usage(&mut self, entry: &Entry, key: &Key, path: &str) {
        let name = &entry.key;
        match &key.usage {
            Use::Honoured => {}
            Use::Kept(needs) => {
                if entry.value.truthy() {
                    self.kept.push(Kept {
                        key: path.to_owned(),
                        needs: needs.clone(),
                    });
                    let (why, instead) = needs.split_once("; ").unwrap_or((needs, ""));
                    self.push(
                        Finding::new(Severity::Note, "not-used", entry.key_span, path)
                            .message(format!("`{name}` is kept but not used: it {why}"))
                            .help(instead),
                    );
                }
            }
            Use::Dead(why) => self.push(
                Finding::new(Severity::Note, "no-effect", entry.key_span, path)
                    .message(format!("`{name}` has no effect: {why}")),
            ),
            Use::Removed(instead) => self.push(
                Finding::new(Severity::Error, "removed-key", entry.key_span, path)
                    .message(format!("`{name}` is not supported"))
                    .help(instead.clone()),
            ),
        }
    }

    fn value(&mut self, entry: &Entry, key: &Key, path: &str) {
        let node = &entry.value;
        let shown = || shown(entry);
        if let (Some(text), false) = (node.text(), key.values.is_empty())
            && !key.values.iter().any(|value| value == text)
        {
            let honoured = key.usage == Use::Honoured;
            let severity = if key.hard || honoured && !key.soft {
                Severity::Error
            } else {
                Severity::Warning
            };
            let values = key.values.iter().map(String::as_str);
            let help = match nearest(text, values.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of: {}", values.collect::<Vec<_>>().join(", ")),
            };
            let message = if severity == Severity::Error {
                format!("`{}` cannot be {}", entry.key, shown())
            } else {
                format!("{} is not a known value of `{}`", shown(), entry.key)
            };
            self.push(
                Finding::new(severity, "unknown-value", node.span, path)
                    .message(message)
                    .help(help),
            );
        }
        let Some(number) = node.number() else { return };
        let range = match (key.min, key.max) {
            (Some(min), _) if number < min => format!("at least {min}"),
            (_, Some(max)) if number > max => format!("at most {max}"),
            _ if !number.is_finite() => "a finite number".to_owned(),
            _ => return,
        };
        self.push(
            Finding::new(Severity::Error, "out-of-range", node.span, path).message(format!(
                "`{}` must be {range}, not {}",
                entry.key,
                shown()
            )),
        );
    }
}

/// The value for a message, unless it is a secret.
fn shown(entry: &Entry) -> String {
    if is_secret_key(&entry.key) {
        entry.value.noun().to_owned()
    } else {
        entry.value.shown()
    }
}

fn wrong_shape(entry: &Entry, key: &Key, path: &str) -> Finding {
    let node = &entry.value;
    let got = match node.kind {
        Kind::List(_) | Kind::Map(_) | Kind::Null => node.noun().to_owned(),
        _ => format!("{} ({})", node.noun(), shown(entry)),
    };
    let finding = Finding::new(Severity::Error, "wrong-type", node.span, path).message(format!(
        "`{}` must be {}, not {got}",
        entry.key,
        key.nouns()
    ));
    match shape_help(node, key) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// How to turn the value into what is wanted, when that is plain to see.
fn shape_help(node: &Node, key: &Key) -> Option<String> {
    let wants = |shape| key.shapes.contains(&shape);
    match &node.kind {
        Kind::Text(text) if wants(Shape::Int) || wants(Shape::Number) => {
            if text.trim().parse::<f64>().is_ok() {
                Some("remove the quotes".to_owned())
            } else {
                seconds(text).map(|seconds| format!("write it in seconds: {seconds}"))
            }
        }
        Kind::Text(text) if wants(Shape::Bool) => {
            matches!(text.as_str(), "true" | "false" | "yes" | "no")
                .then(|| "remove the quotes".to_owned())
        }
        Kind::Text(_) if wants(Shape::Texts) || wants(Shape::List) => {
            Some("put it in a list: `[…]`".to_owned())
        }
        Kind::Float(value) if wants(Shape::Int) && value.is_finite() => {
            Some(format!("write {}", value.ceil()))
        }
        Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) if wants(Shape::Text) => {
            Some("put it in quotes".to_owned())
        }
        _ => None,
    }
}

/// A duration such as `30m` in seconds.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(split);
    let unit = match unit.trim() {
        "s" | "sec" | "seconds" => 1,
        "m" | "min" | "minutes" => 60,
        "h" | "hours" | "hour" => 3600,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn unknown(entry: &Entry, scope_name: &str, scope: &Scope, path: &str) -> Finding {
    let name = super::excerpt::clean(&entry.key, 60);
    let finding = |severity, code: &'static str, message: String| {
        Finding::new(severity, code, entry.key_span, path).message(message)
    };
    let near = nearest(&entry.key, scope.keys().map(String::as_str));
    let slip = near.filter(|near| is_slip(&entry.key, near));
    if slip.is_none()
        && let Some(home) = schema::home(&entry.key, scope_name)
    {
        return finding(
            Severity::Warning,
            "misplaced-key",
            format!("`{name}` has no effect here"),
        )
        .help(format!("it belongs {home}"));
    }
    if scope_name == "backend" {
        let message = format!("`{name}` is passed to the server as a parameter");
        return match slip {
            Some(near) => finding(Severity::Warning, "unknown-parameter", message)
                .help(format!("did you mean `{near}`?")),
            None => finding(Severity::Note, "parameter", message),
        };
    }
    let message = format!("`{name}` is not a known key {}", place(scope_name));
    match (slip, near) {
        (Some(near), _) => {
            finding(Severity::Error, "unknown-key", message).help(format!("did you mean `{near}`?"))
        }
        (None, Some(near)) => finding(Severity::Warning, "unknown-key", message)
            .help(format!("the nearest known key is `{near}`")),
        (None, None) => finding(Severity::Warning, "unknown-key", message),
    }
}

/// Where a key stands, in words.
fn place(scope_name: &str) -> String {
    match scope_name {
        "top" => "at the top level".to_owned(),
        "agent" => "of an agent".to_owned(),
        "context_path" | "mcp_server" | "custom_tool" | "hook" | "criterion"
        | "score_criterion" => {
            format!("of a {}", scope_name.replace('_', " "))
        }
        other => format!("of `{other}`"),
    }
}
