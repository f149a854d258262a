//! Whoever checks the final text reads the final files, changes nothing of them, and goes on from its
//! own when the team works again.

use massgen_tui::protocol::Verify;

use super::*;

/// Publishes `won.txt`, presents with `last.txt` on top of it.
fn winner() -> Arc<dyn Provider> {
    model(|_, request| {
        if presents(request) {
            return if says(request, "of the end") {
                say("the final word")
            } else {
                write("last.txt", "of the end\n")
            };
        }
        let own = choices(request);
        match own.iter().find(|one| one.starts_with("agent1")) {
            Some(label) => vote(10, label),
            None if !has_called(request, "write_file") => write("won.txt", "won\n"),
            None => publish(10, "I won."),
        }
    })
}

/// A call of the checker beside its verdict; `None` when it has looked at everything.
fn look(request: &Request) -> Option<Vec<Step>> {
    let call = |tool, arguments| (!has_called(request, tool)).then(|| act(10, tool, &arguments));
    call("read_file", serde_json::json!({ "path": "last.txt" }))
        .or_else(|| call("glob", serde_json::json!({ "pattern": "*.txt" })))
        .or_else(|| {
            let whole = serde_json::json!({ "path": "agent1.1", "diff": true });
            call("read_peer", whole)
        })
        .or_else(|| (!has_called(request, "write_file")).then(|| write("last.txt", "spoilt\n")))
}

#[tokio::test]
async fn a_verifier_reads_the_final_files_and_gets_its_own_back() {
    let field = Field::new();
    let checks = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&checks);
    let checker = model(move |_, request| {
        if offers(request, "verdict") {
            return look(request).unwrap_or_else(|| {
                let tools: Vec<_> = request.tools.iter().map(|tool| tool.name.clone()).collect();
                let mut seen = seen.lock().unwrap();
                seen.push((tools, format!("{:?}", request.messages)));
                let accept = seen.len() > 1;
                let verdict = serde_json::json!({ "accept": accept, "instructions": "Say more." });
                act(10, "verdict", &verdict)
            });
        }
        let known = choices(request);
        let revised = known.iter().any(|one| one == "agent2.2");
        match known.iter().find(|one| one.starts_with("agent1")) {
            Some(_) if says(request, "<review>") && !revised => publish(10, "Second thoughts."),
            Some(label) => vote(10, label),
            None if !has_called(request, "write_file") => write("other.txt", "other\n"),
            None if offers(request, "new_answer") => publish(10, "I wrote other.txt."),
            None => vote(10, &known[0]),
        }
    });
    let mut team = field.team(vec![winner(), checker]);
    team.rules.finishing.verify = Some(Verify {
        by: None,
        restarts: 1,
    });
    let (_, events) = field.turn(team).await;
    let checks = checks.lock().unwrap().clone();
    assert_eq!(checks.len(), 2, "{checks:?}");
    for (tools, words) in &checks {
        assert_eq!(
            tools,
            &[
                "verdict",
                "read_file",
                "list_dir",
                "glob",
                "search",
                "read_peer"
            ]
        );
        for one in [
            "of the end",
            "won.txt",
            "+won",
            "only what is offered for checking",
        ] {
            assert!(words.contains(one), "{one}: {words}");
        }
        assert!(!words.contains("other.txt"), "its own are away: {words}");
    }
    let (label, changes) = ended(&events);
    assert_eq!(label.agent, AgentId(1));
    assert_eq!(field.changed(&changes), ["last.txt", "won.txt"]);
    let last = field.git(&["show", &format!("{}:last.txt", changes[0].commit.0)]);
    assert_eq!(last, "of the end");
    let published = answers(&events);
    let again = published.iter().find(|one| one.text == "Second thoughts.");
    let again = again.unwrap_or_else(|| panic!("{published:?}"));
    assert_eq!(field.changed(&again.changes), ["other.txt"]);
}

#[tokio::test]
async fn without_folders_a_verifier_has_the_words_alone() {
    let field = Field::new();
    let offered = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&offered);
    let checker = model(move |_, request| {
        if offers(request, "verdict") {
            let tools = request.tools.iter().map(|tool| tool.name.clone());
            seen.lock().unwrap().extend(tools);
            assert!(!says(request, "in a copy that is for reading"));
            return act(
                10,
                "verdict",
                &serde_json::json!({ "accept": true, "instructions": "" }),
            );
        }
        match choices(request).first() {
            Some(label) => vote(10, label),
            None => publish(10, "Mine."),
        }
    });
    let mut team = field.team(vec![plain(10, "outer", "agent1"), checker]);
    team.rules.working.folders.clear();
    team.rules.finishing.verify = Some(Verify {
        by: Some(AgentId(2)),
        restarts: 0,
    });
    let (_, events) = field.turn(team).await;
    assert_eq!(ended(&events).0.agent, AgentId(1));
    assert_eq!(*offered.lock().unwrap(), ["verdict"]);
}
