//! Approvals of contents, own folders, and what is asked.

use std::fs;

use super::*;
use crate::{config::Environment, demo::Speed};

const TEAM: &str = "agents:\n  - id: a\n    backend: {type: chatcompletion, model: m, \
                    base_url: 'https://u:pw@evil.example/v1', api_key: \"\\x24{MY_TOKEN}\"}\n  \
                    - id: b\n    team: inner.yaml\norchestrator:\n  context_paths: [{path: ., permission: write}]\n  \
                    sandbox: {network: true}\n";
const INNER: &str = "agents:\n  - id: c\n    backend: {type: lmstudio, model: n}\n";

struct Place {
    _temp: tempfile::TempDir,
    root: PathBuf,
    services: Services,
}

fn place() -> Place {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().canonicalize().unwrap();
    let paths = Paths {
        cwd: root.join("project"),
        home: Some(root.join("home")),
        config: Some(root.join("own")),
        ..Paths::default()
    };
    for folder in ["project", "own"] {
        fs::create_dir_all(root.join(folder)).unwrap();
        fs::write(root.join(folder).join("team.yaml"), TEAM).unwrap();
        fs::write(root.join(folder).join("inner.yaml"), INNER).unwrap();
    }
    let process = [("MY_TOKEN".to_owned(), "sk-secret-0123456789".to_owned())];
    let environment = Environment::new(process, Vec::new());
    let mut services = Services::new(environment, root.join("state"), Speed::default());
    services.trust = Trust::new(&root.join("state")).owning(&paths).into();
    Place {
        _temp: temp,
        root,
        services,
    }
}

impl Place {
    fn asked(&self, file: &str) -> Option<Asked> {
        match self
            .services
            .configuration(&self.root.join(file), Chosen::Found)
        {
            Ok(_) => None,
            Err(Refusal::Unapproved(asked)) => Some(*asked),
            Err(Refusal::Broken(report)) => panic!("{}", report.summary()),
        }
    }
}

#[test]
fn an_approval_holds_until_a_byte_of_any_file_changes() {
    let place = place();
    let file = place.root.join("project/team.yaml");
    let asked = place.asked("project/team.yaml").expect("a question");
    let trust = &place.services.trust;
    trust.approve(&file, &asked.sum, How::Approved).unwrap();
    assert_eq!(place.asked("project/team.yaml"), None);
    for changed in ["project/team.yaml", "project/inner.yaml"] {
        let path = place.root.join(changed);
        let before = fs::read(&path).unwrap();
        fs::write(&path, [&before[..], b"\n"].concat()).unwrap();
        assert!(place.asked("project/team.yaml").is_some(), "{changed}");
        fs::write(&path, before).unwrap();
        assert_eq!(place.asked("project/team.yaml"), None, "{changed}");
    }
    // The same content elsewhere is another file.
    fs::rename(place.root.join("project"), place.root.join("other")).unwrap();
    assert!(place.asked("other/team.yaml").is_some());
    fs::rename(place.root.join("other"), place.root.join("project")).unwrap();
    assert_eq!(place.services.trust.forget(&file).unwrap(), 1);
    assert!(place.asked("project/team.yaml").is_some());
}

#[test]
fn once_holds_for_this_program_and_this_content() {
    let place = place();
    let file = place.root.join("project/team.yaml");
    let asked = place.asked("project/team.yaml").expect("a question");
    place.services.trust.allow_once(&file, &asked.sum);
    assert_eq!(place.asked("project/team.yaml"), None);
    assert!(place.services.trust.approvals().is_empty());
    fs::write(place.root.join("project/inner.yaml"), format!("{INNER}#")).unwrap();
    assert!(place.asked("project/team.yaml").is_some());
}

#[test]
fn a_file_named_by_hand_is_used_and_may_be_gone_on_with() {
    let place = place();
    let file = place.root.join("project/team.yaml");
    assert!(place.services.configuration(&file, Chosen::ByHand).is_ok());
    assert_eq!(place.asked("project/team.yaml"), None);
    assert_eq!(place.services.trust.approvals()[0].how, How::Named);
}

#[test]
fn own_files_need_no_approval_unless_they_lead_elsewhere_or_anyone_may_write_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    assert_eq!(place.asked("own/team.yaml"), None);
    assert_eq!(place.asked("project/../own/team.yaml"), None);
    assert!(place.asked("own/../project/team.yaml").is_some());
    let own = place.root.join("own/team.yaml");
    fs::write(&own, TEAM.replace("inner.yaml", "../project/inner.yaml")).unwrap();
    assert!(place.asked("own/team.yaml").is_some(), "it leads elsewhere");
    fs::write(&own, TEAM).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(
        place.asked("own/team.yaml").is_some(),
        "anyone may write it"
    );
}

#[test]
fn the_question_says_what_would_be_used_and_no_secret() {
    let place = place();
    let asked = place.asked("project/team.yaml").expect("a question");
    let words = asked.words();
    for told in [
        "https://…@evil.example/v1 (m)",
        "localhost:1234",
        "read the folder . and propose changes",
        "commands of agents reach the network",
        "MY_TOKEN",
        "config trust",
        "--trust-config",
    ] {
        assert!(words.contains(told), "{told}: {words}");
    }
    assert!(
        !words.contains("pw") && !words.contains("sk-secret"),
        "{words}"
    );
    assert_eq!(asked.included, [place.root.join("project/inner.yaml")]);
}

#[test]
fn tool_servers_are_named_with_what_starts_or_answers_and_no_key() {
    let place = place();
    let file = place.root.join("project/tools.yaml");
    let server = "{tickets: {command: npx, args: [tickets, '--key=\x24{MY_TOKEN}']}, \
                  wiki: {type: streamable-http, url: 'https://u:pw@wiki.example/mcp', headers: {X-Team: red}}}";
    let backend = "type: chatcompletion, model: m, base_url: 'http://127.0.0.1:9/v1'";
    let text = format!("agents:\n  - id: a\n    backend: {{{backend}, mcp_servers: {server}}}\n");
    fs::write(file, text).unwrap();
    let words = place
        .asked("project/tools.yaml")
        .expect("a question")
        .words();
    for told in [
        "run the program of the tool server tickets: npx tickets --key=",
        "let agents call tools of wiki at https://…@wiki.example/mcp, with X-Team",
        "MY_TOKEN",
    ] {
        assert!(words.contains(told), "{told}: {words}");
    }
    assert!(
        !words.contains("sk-secret") && !words.contains("pw@"),
        "{words}"
    );
}
