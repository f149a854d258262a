//! `orchestrator.context_paths` and `coordination.write_mode`: which folders a team works on.
//!
//! Wrong shapes and words are the key tables' business; a value that is wrong counts as absent here.
//! `legacy` of MassGen lets agents write to the folder itself; there is no such thing here, and the
//! file is told so. Whether a path exists is found out when a run begins, not when a file is read:
//! the same file is checked on other machines.

use super::diagnostic::{Finding, Severity};
use super::node::Node;
use crate::protocol::{Folder, Isolation, Untracked, Working, change::Access};

/// Reads where a team works.
pub fn read(orchestrator: &Node, findings: &mut Vec<Finding>) -> Working {
    let folders = orchestrator.get("context_paths").map(Node::items);
    let mut working = Working {
        folders: folders
            .unwrap_or_default()
            .iter()
            .filter_map(folder)
            .collect(),
        untracked: match orchestrator.get("untracked").and_then(Node::text) {
            Some("none") => Untracked::None,
            _ => Untracked::All,
        },
        ..Working::default()
    };
    let mode = orchestrator
        .get("coordination")
        .and_then(|map| map.get("write_mode"));
    working.isolation = match mode.and_then(Node::text) {
        Some("worktree") => Isolation::Worktree,
        Some("isolated") => Isolation::Shadow,
        _ => Isolation::Auto,
    };
    if let Some(mode) = mode.filter(|mode| mode.text() == Some("legacy")) {
        findings.push(
            Finding::new(
                Severity::Warning,
                "no-direct-writes",
                mode.span,
                "orchestrator.coordination.write_mode",
            )
            .message("agents never write to your folder itself: `legacy` is read as `auto`")
            .help("take their changes in the review, or with `--apply auto`"),
        );
    }
    working
}

/// One folder; a plain path may be read.
fn folder(node: &Node) -> Option<Folder> {
    let text = |key| node.get(key).and_then(Node::text);
    let path = node.text().or_else(|| text("path"))?;
    let access = match text("permission") {
        Some("write") => Access::Write,
        _ => Access::Read,
    };
    let protected = node.get("protected_paths").map(Node::items);
    let protected = protected.unwrap_or_default().iter();
    Some(Folder {
        path: path.to_owned(),
        access,
        protected: protected
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse;

    fn working(text: &str) -> (Working, Vec<Finding>) {
        let root = parse(text.as_bytes()).root.unwrap();
        let mut findings = Vec::new();
        let working = read(&root, &mut findings);
        (working, findings)
    }

    #[test]
    fn folders_say_what_agents_may_do() {
        let (got, findings) = working(
            "context_paths: [{path: ., permission: write, protected_paths: [LICENSE]}, {path: ../lib}, /opt/x]\n\
             untracked: none\ncoordination: {write_mode: worktree}",
        );
        let folder = |path: &str, access, protected: &[&str]| Folder {
            path: path.into(),
            access,
            protected: protected.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            got.folders,
            [
                folder(".", Access::Write, &["LICENSE"]),
                folder("../lib", Access::Read, &[]),
                folder("/opt/x", Access::Read, &[]),
            ]
        );
        assert_eq!(
            (got.isolation, got.untracked),
            (Isolation::Worktree, Untracked::None)
        );
        assert!(findings.is_empty());
    }

    #[test]
    fn nobody_writes_to_the_folder_itself() {
        let (got, findings) = working("coordination: {write_mode: legacy}");
        assert_eq!(got, Working::default());
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warning);
    }
}
