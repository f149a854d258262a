//! `${NAME}` in text values, the way MassGen expands it: in any text at any depth, never in keys;
//! `$NAME` and `${NAME:-default}` are not forms of it, but for servers of tools, where the latter is.
//!
//! An unset name is left as written, and is a finding. Expanded text is never shown in a message:
//! the node keeps what was written.

use super::diagnostic::{Finding, Severity};
use super::load::Env;
use super::node::{Kind, Node};
use super::yaml::join;

/// Expands every text of the tree in place. `unset` is the weight of a name without a value where
/// the run cannot do without it (key, address, model).
pub fn expand(root: &mut Node, env: Env, unset: Severity, findings: &mut Vec<Finding>) {
    Expansion {
        env,
        unset,
        findings,
    }
    .node(root, "", "");
}

struct Expansion<'a> {
    env: Env<'a>,
    unset: Severity,
    findings: &'a mut Vec<Finding>,
}

impl Expansion<'_> {
    fn node(&mut self, node: &mut Node, path: &str, key: &str) {
        match &mut node.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    let path = join(path, &entry.key);
                    self.node(&mut entry.value, &path, &entry.key);
                }
            }
            Kind::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.node(item, &format!("{path}[{index}]"), key);
                }
            }
            Kind::Text(text) if text.contains("${") => {
                let written = std::mem::take(text);
                *text = self.text(&written, node.span, path, key);
                node.written = Some(written);
            }
            _ => {}
        }
    }

    fn text(&mut self, written: &str, span: super::node::Span, path: &str, key: &str) -> String {
        let mut expanded = String::with_capacity(written.len());
        let mut rest = written;
        while let Some((before, after)) = rest.split_once("${") {
            expanded.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                expanded.push_str("${");
                rest = after;
                continue;
            };
            if let Some(value) = self.value(name, span, path, key) {
                expanded.push_str(&value);
            } else {
                expanded.push_str("${");
                expanded.push_str(name);
                expanded.push('}');
            }
            rest = tail;
        }
        expanded.push_str(rest);
        expanded
    }

    fn value(
        &mut self,
        name: &str,
        span: super::node::Span,
        path: &str,
        key: &str,
    ) -> Option<String> {
        // What starts servers of tools knows defaults, as other programs that read such entries do.
        let server = path.contains("mcp_servers") || path.contains("mcpServers");
        let (name, instead) = match name.split_once(":-") {
            Some((name, instead)) if server => (name, Some(instead)),
            _ => (name, None),
        };
        let is_name = !name.is_empty()
            && name.len() <= 200
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // `${cwd}` inside a backend is MassGen's own second pass.
        if name == "cwd" && path.contains(".backend.") {
            return None;
        }
        if is_name && let Some(value) = (self.env)(name) {
            // An empty one is as good as none where there is a default.
            let value = instead
                .filter(|_| value.is_empty())
                .map_or(value.clone(), str::to_owned);
            return Some(value);
        }
        if is_name && let Some(instead) = instead {
            return Some(instead.to_owned());
        }
        let shown = super::excerpt::clean(name, 60);
        let needed = server || matches!(key, "api_key" | "base_url" | "azure_endpoint" | "model");
        let severity = if needed {
            self.unset
        } else {
            Severity::Warning
        };
        let finding = if is_name {
            Finding::new(severity, "unset-variable", span, path)
                .message(format!("the variable `{shown}` is not set"))
                .help(format!("set {shown} in the environment or in `.env`"))
        } else {
            Finding::new(severity, "bad-variable", span, path)
                .message(format!("`${{{shown}}}` is not the name of a variable"))
                .help("only `${NAME}` is replaced; defaults and other shell forms are not")
        };
        self.findings.push(finding);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    #[test]
    fn names_are_replaced_and_missing_ones_are_left() {
        let env = |name: &str| (name == "A").then(|| "secret".to_owned());
        for (text, expanded, codes) in [
            ("${A}", "secret", vec![]),
            ("x${A}y${A}", "xsecretysecret", vec![]),
            ("$A ${B}", "$A ${B}", vec!["unset-variable"]),
            ("${A:-b}", "${A:-b}", vec!["bad-variable"]),
            ("${A", "${A", vec![]),
            ("${${A}}", "${${A}}", vec!["bad-variable"]),
        ] {
            let mut root = parse(format!("k: '{text}'").as_bytes()).root.unwrap();
            let mut findings = Vec::new();
            expand(&mut root, &env, Severity::Error, &mut findings);
            let node = root.get("k").unwrap();
            assert_eq!(node.text(), Some(expanded));
            assert!(!node.shown().contains("secret"));
            let found: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
            assert_eq!(found, codes, "{text}");
        }
    }
}
