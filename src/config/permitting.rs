//! `orchestrator.permissions` and `orchestrator.sandbox`: what agents may do with files and commands.
//!
//! `permissions.rules.{allow,ask,deny}` and `automation_default` are `MassGen`'s, at the team instead of
//! at each backend; the rest is ours. A rule that cannot be read is an error: one that is silently
//! left out would allow what it should deny.

use super::diagnostic::{Finding, Severity};
use super::node::Node;
use crate::protocol::{ApprovePolicy, Network, Offered, Permitting, rules::objection};

/// Reads what agents may do.
pub fn read(orchestrator: &Node, findings: &mut Vec<Finding>) -> Permitting {
    let mut permitting = Permitting::default();
    if let Some(permissions) = orchestrator.get("permissions") {
        let mut list = |name: &str| rules(permissions, name, findings);
        permitting.allow = list("allow");
        permitting.ask = list("ask");
        permitting.deny = list("deny");
        let word = |key| permissions.get(key).and_then(Node::text);
        // MassGen's `risk-based` is what happens without a word.
        permitting.approve = word("approve")
            .or_else(|| word("automation_default"))
            .and_then(ApprovePolicy::named);
        if let Some(seconds) = seconds(permissions, "seconds") {
            permitting.seconds = seconds;
        }
    }
    if let Some(sandbox) = orchestrator.get("sandbox") {
        let flag = |key| sandbox.get(key).and_then(Node::bool);
        if flag("network") == Some(true) {
            permitting.network = Network::On;
        }
        if flag("commands") == Some(false) {
            permitting.commands = Offered::No;
        }
        if flag("web_fetch") == Some(true) {
            permitting.web_fetch = Offered::Yes;
        }
        if let Some(seconds) = seconds(sandbox, "command_seconds") {
            permitting.command_seconds = seconds;
        }
        let texts = |key| -> Vec<String> {
            let items = sandbox.get(key).map_or(&[][..], Node::items);
            let texts = items.iter().filter_map(Node::text);
            texts.map(str::to_owned).collect()
        };
        permitting.read = texts("read");
        permitting.web_hosts = texts("web_hosts");
    }
    let coordination = orchestrator.get("coordination");
    let said = |key| coordination.and_then(|node| node.get(key));
    if said("enable_planning_mode").and_then(Node::bool) == Some(true) {
        let words = said("planning_mode_instruction").and_then(Node::text);
        permitting.planning = Some(words.unwrap_or_default().trim().to_owned());
    }
    permitting
}

fn seconds(map: &Node, key: &str) -> Option<u64> {
    let number = map.get(key)?.number()?;
    (number.is_finite() && number >= 1.0).then_some(number.ceil() as u64)
}

fn rules(permissions: &Node, name: &str, findings: &mut Vec<Finding>) -> Vec<String> {
    let list = permissions.get("rules").and_then(|rules| rules.get(name));
    let mut read = Vec::new();
    for node in list.map_or(&[][..], Node::items) {
        let Some(text) = node.text() else { continue };
        match objection(text) {
            None => read.push(text.to_owned()),
            Some(why) => findings.push(
                Finding::new(
                    Severity::Error,
                    "permission-rule",
                    node.span,
                    &format!("orchestrator.permissions.rules.{name}"),
                )
                .message(why)
                .help("for example `command(git push*)`, `write_file(docs/**)`, `read_url(*)`"),
            ),
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn permitting(text: &str) -> (Permitting, Vec<Finding>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let mut findings = Vec::new();
        let permitting = read(&root, &mut findings);
        (permitting, findings)
    }

    #[test]
    fn rules_policies_and_the_sandbox_are_read() {
        let (got, findings) = permitting(
            "permissions: {rules: {allow: ['command(make*)'], deny: ['write_file(docs/**)']}, \
             automation_default: deny-all, seconds: 60}\n\
             sandbox: {network: true, web_fetch: true, web_hosts: [docs.rs, '*.rust-lang.org'], commands: false, read: [/data], command_seconds: 30}",
        );
        assert!(findings.is_empty());
        let wanted = Permitting {
            allow: vec!["command(make*)".into()],
            deny: vec!["write_file(docs/**)".into()],
            approve: Some(ApprovePolicy::Never),
            seconds: 60,
            network: Network::On,
            web_fetch: Offered::Yes,
            web_hosts: vec!["docs.rs".into(), "*.rust-lang.org".into()],
            commands: Offered::No,
            read: vec!["/data".into()],
            command_seconds: 30,
            ..Permitting::default()
        };
        assert_eq!(got, wanted);
        let (got, _) = permitting("permissions: {automation_default: risk-based}");
        assert_eq!(got, Permitting::default());
        let (got, _) = permitting("permissions: {approve: auto, automation_default: deny-all}");
        assert_eq!(got.approve, Some(ApprovePolicy::Auto));
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_an_error() {
        for rule in ["rm(*)", "command(git", "x"] {
            let text = format!("permissions: {{rules: {{deny: [\"{rule}\"]}}}}");
            let (got, findings) = permitting(&text);
            assert!(got.deny.is_empty(), "{rule}");
            assert_eq!(findings.len(), 1, "{rule}");
            assert_eq!(findings[0].severity, Severity::Error);
        }
    }
}
