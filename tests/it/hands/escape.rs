//! Ways out of the worktree, one by one: each denied, by file tools and in the sandbox.

use std::{fs, net::TcpListener, os::unix::fs::symlink};

use massgen_tui::tool::sandbox::Tier;
use serde_json::json;

use super::rig::{Rig, SECRET, System};
use crate::harness::git::git;

/// Everything outside of the worktree, as bytes, to see that nothing changes.
fn outside(rig: &Rig) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut next = vec![rig.home.clone(), rig.main.clone(), rig.base.join("outside")];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                next.push(path);
            } else if kind.is_file() {
                all.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

#[tokio::test]
async fn no_file_tool_leads_out() {
    let rig = Rig::usual();
    symlink(rig.base.join("outside"), rig.root.join("out")).unwrap();
    symlink(rig.home.join(".ssh/id_ed25519"), rig.root.join("key")).unwrap();
    symlink("/proc/self/root", rig.root.join("magic")).unwrap();
    fs::hard_link(rig.base.join("outside/secret"), rig.root.join("hard")).unwrap();
    let before = outside(&rig);
    let absolute = rig.base.join("outside/secret").display().to_string();
    let around = format!("{}/../agent2/0/file", rig.root.display());
    let paths = [
        "../../agent2/0/file",
        "a/../../../agent2/0/file",
        "out/secret",
        "key",
        "hard",
        "magic/etc/hostname",
        "/proc/self/environ",
        "/etc/passwd",
        "~/.ssh/id_ed25519",
        &absolute,
        &around,
    ];
    for path in paths {
        for (tool, arguments) in [
            ("read_file", json!({ "path": path })),
            ("list_dir", json!({ "path": path })),
            ("search", json!({ "pattern": "hunter", "path": path })),
            (
                "edit_file",
                json!({ "path": path, "old": "hunter2", "new": "x" }),
            ),
        ] {
            let ran = rig.call(tool, arguments).await;
            let told = format!("{:?}", ran.result);
            assert!(ran.result.is_err(), "{tool} {path}: {told}");
            assert!(!told.contains(SECRET), "{tool} {path}: {told}");
        }
        if path != "hard" {
            let ran = rig
                .call("write_file", json!({ "path": path, "content": "mine" }))
                .await;
            assert!(ran.result.is_err(), "write_file {path}: {:?}", ran.result);
        }
    }
    for path in ["out/new", "out/deep/new", "../new", "x/../../new"] {
        let ran = rig
            .call("write_file", json!({ "path": path, "content": "mine" }))
            .await;
        assert!(ran.result.is_err(), "{path}");
    }
    let long = format!("{}/x", "n".repeat(5_000));
    let deep = "d/".repeat(3_000);
    for path in [long.as_str(), deep.as_str()] {
        let ran = rig
            .call("write_file", json!({ "path": path, "content": "x" }))
            .await;
        assert!(ran.result.is_err(), "a path of {} bytes", path.len());
    }
    let ran = rig.call("search", json!({ "pattern": "hunter" })).await;
    assert_eq!(
        ran.result,
        Ok("No lines found.\n".into()),
        "links and hard links are not searched"
    );
    assert_eq!(outside(&rig), before);
}

#[tokio::test]
async fn gits_own_files_and_our_settings_are_never_written() {
    let rig = Rig::usual();
    let link = fs::read(rig.root.join(".git")).unwrap();
    for path in [
        ".git",
        ".git/config",
        ".GIT",
        ".Git/hooks/pre-commit",
        "sub/.git/config",
        ".g\u{200d}it/config",
        "GIT~1/config",
        ".massgen/config.yaml",
        "LICENSE",
        "./LICENSE",
    ] {
        for (tool, arguments) in [
            (
                "write_file",
                json!({ "path": path, "content": "gitdir: /tmp/x" }),
            ),
            (
                "edit_file",
                json!({ "path": path, "old": "gitdir", "new": "x" }),
            ),
        ] {
            let ran = rig.call(tool, arguments).await;
            assert!(ran.result.is_err(), "{tool} {path}: {:?}", ran.result);
        }
    }
    assert_eq!(fs::read(rig.root.join(".git")).unwrap(), link);
}

/// Command lines that try to get out, each another way.
fn ways_out(rig: &Rig) -> Vec<String> {
    let (base, home, main) = (rig.base.display(), rig.home.display(), rig.main.display());
    let own = std::process::id();
    vec![
        "cat ../../agent2/0/file".to_owned(),
        "ls ../../agent2".to_owned(),
        format!("cat {base}/outside/secret"),
        format!("cat {home}/.ssh/id_ed25519"),
        format!("cat {home}/.config/massgen-tui/config.yaml"),
        format!("cat {home}/notes.txt"),
        format!("ls {home}"),
        format!("cat {base}/state/sessions/one/events.jsonl"),
        format!("ln -s {base}/outside/secret l && cat l"),
        format!("ln {base}/outside/secret h && cat h"),
        format!("mv {base}/outside/secret . && cat secret"),
        format!("cat /proc/{own}/environ"),
        format!("cat /proc/{own}/root{base}/outside/secret"),
        format!("cat /proc/{own}/cwd/Cargo.toml"),
        format!("cat /proc/self/root{base}/outside/secret"),
        "cat /etc/shadow".to_owned(),
        format!("echo x > {base}/outside/new"),
        format!("echo x > {base}/outside/secret"),
        format!("rm {base}/outside/secret"),
        format!("mkdir {home}/new"),
        format!("echo x > {home}/.config/massgen-tui/config.yaml"),
        format!("echo x > {main}/.git/config"),
        format!("echo x > {main}/.git/hooks/pre-commit"),
        format!("echo x > {main}/.git/worktrees/0/HEAD"),
        format!("echo x > {main}/file.txt"),
        format!("git -C {main} config user.name evil"),
        format!("git -C {main} commit --allow-empty -m evil"),
        format!("GIT_DIR={main}/.git git update-ref refs/heads/evil HEAD"),
        "git update-ref refs/heads/evil HEAD".to_owned(),
        "git branch evil".to_owned(),
        "git config core.hooksPath /tmp/x".to_owned(),
        "git add -A && git commit -m evil".to_owned(),
        format!("git --git-dir={main}/.git --work-tree={main} checkout -f -b evil"),
        format!("kill -9 {own}"),
        "kill -9 $PPID".to_owned(),
        // Longer than any path may be.
        format!("cat {}secret", "../".repeat(2_000)),
    ]
}

/// Where nothing holds commands, none is run without leave: here nobody gives it.
async fn all_ask(rig: &Rig, lines: &[String]) {
    let before = outside(rig);
    let refs = git(&rig.main, &["for-each-ref"]);
    let asked = rig.person.asked.lock().unwrap().len();
    for line in lines {
        let (ok, text, _) = rig.sh(line).await;
        assert!(!ok, "{line} was run: {text}");
        assert!(
            text.contains("Nobody gave leave in time") || text.starts_with("Denied"),
            "{line}: {text}"
        );
        assert!(!text.contains(SECRET), "{line}: {text}");
    }
    let all = rig.person.asked.lock().unwrap().clone();
    assert!(all.len() > asked + lines.len() / 2, "most are asked about");
    for wish in &all[asked..] {
        assert!(wish.held.contains("NOTHING HOLDS IT"), "{wish:?}");
    }
    assert_eq!(outside(rig), before);
    assert_eq!(git(&rig.main, &["for-each-ref"]), refs);
}

#[tokio::test]
async fn without_a_sandbox_no_way_out_is_taken_unasked() {
    let rig = Rig::new(massgen_tui::protocol::Permitting::default(), System::Bare);
    let lines = ways_out(&rig);
    all_ask(&rig, &lines).await;
}

#[tokio::test]
async fn no_command_leads_out() {
    let rig = Rig::usual();
    let lines = ways_out(&rig);
    if !rig.is_held().await {
        return all_ask(&rig, &lines).await;
    }
    let before = outside(&rig);
    let refs = git(&rig.main, &["for-each-ref"]);
    for line in &lines {
        let (ok, text, _) = rig.sh(line).await;
        assert!(!ok, "{line} worked: {text}");
        assert!(!text.contains(SECRET), "{line}: {text}");
    }
    assert_eq!(outside(&rig), before);
    assert_eq!(git(&rig.main, &["for-each-ref"]), refs);
    git(&rig.main, &["fsck", "--no-dangling"]);
}

#[tokio::test]
async fn a_command_that_makes_its_own_repository_reaches_only_that() {
    let rig = Rig::usual();
    if !rig.is_held().await {
        return all_ask(&rig, &["echo hi; env".to_owned()]).await;
    }
    let before = outside(&rig);
    let main = rig.main.display();
    let line = format!(
        "rm -f .git; echo 'gitdir: {main}/.git' > .git; git commit --allow-empty -m x; git config a.b c; true"
    );
    rig.sh(&line).await;
    assert_eq!(outside(&rig), before);
}

#[tokio::test]
async fn no_command_sees_keys_or_the_network() {
    let rig = Rig::usual();
    if !rig.is_held().await {
        return all_ask(&rig, &["echo hi; env".to_owned()]).await;
    }
    let (ok, text, _) = rig.sh("env; set; cat /proc/self/environ").await;
    assert!(
        ok && !text.contains(SECRET) && !text.contains("API_KEY"),
        "{text}"
    );
    assert!(text.contains("GIT_OPTIONAL_LOCKS=0"), "{text}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (ok, ..) = rig
        .sh(&format!("git ls-remote git://127.0.0.1:{port}/x"))
        .await;
    assert!(!ok);
    assert!(listener.accept().is_err(), "nobody came");
    assert!(rig.launcher.found().await.tried.network.is_prevented());
}

#[tokio::test]
async fn git_and_work_go_on_inside() {
    let rig = Rig::usual();
    if !rig.is_held().await {
        return all_ask(&rig, &["echo hi; env".to_owned()]).await;
    }
    for (line, wanted) in [
        ("echo more >> file.txt && git diff --stat", "file.txt"),
        ("git status --porcelain", " M file.txt"),
        ("git log --oneline", "first"),
        (
            "mkdir -p a/b && echo x > a/b/c && mv a/b/c d && chmod +x d && ./d; cat d",
            "x",
        ),
        (
            "echo $HOME $TMPDIR && touch $HOME/x $TMPDIR/y && ls $TMPDIR",
            "y",
        ),
        ("cat /etc/passwd | head -1 && echo hi > /dev/null", "root"),
        ("pwd", "agent1/0"),
    ] {
        let (ok, text, _) = rig.sh(line).await;
        assert!(ok && text.contains(wanted), "{line}: {text}");
    }
}

#[tokio::test]
async fn where_nothing_holds_every_command_asks_and_says_so() {
    let rig = Rig::new(massgen_tui::protocol::Permitting::default(), System::Bare);
    let (ok, text, _) = rig.sh("echo hi").await;
    assert!(!ok && text.contains("Nobody gave leave in time"), "{text}");
    let asked = rig.person.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].held.contains("NOTHING HOLDS IT"), "{:?}", asked[0]);
    assert_eq!(rig.record.0.lock().unwrap()[0].tier, Tier::Nothing.word());
}
