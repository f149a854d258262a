//! The tables that say which tests prove what name tests that exist.

use std::{collections::BTreeSet, fs, path::Path};

/// Names of all test functions under a folder.
fn tests_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_in(&path, names);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let mut marked = false;
            for line in fs::read_to_string(&path).expect("a source").lines() {
                let line = line.trim_start();
                marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                let name = line.strip_prefix("async ").unwrap_or(line);
                let name = name.strip_prefix("fn ").and_then(|f| f.split_once('('));
                if let Some((name, _)) = name.filter(|_| std::mem::take(&mut marked)) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
}

/// The rows of the table under a heading, as cells.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(page)).expect("a page");
    let (_, rest) = text.split_once(heading).expect("the heading");
    let rows = rest
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}

#[test]
fn every_proof_that_is_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    tests_in(&root.join("src"), &mut names);
    tests_in(&root.join("tests"), &mut names);
    let properties = table("docs/testing.md", "## The properties of the engine");
    let inputs = table("docs/coordination.md", "## Bad input");
    let numbers: Vec<String> = properties.iter().map(|row| row[0].clone()).collect();
    let expected: Vec<String> = (1..=27).map(|n| n.to_string()).collect();
    assert_eq!(numbers, expected, "every property has its row");
    for row in properties.iter().chain(&inputs) {
        assert_eq!(row.len(), 3, "{row:?}");
    }
    let classes = table("docs/errors.md", "## By class");
    let vendors = table("docs/errors.md", "## By vendor");
    assert!(classes.len() > 10 && vendors.len() > 15, "rows are missing");
    let errors = classes.iter().chain(&vendors);
    for row in properties.iter().chain(&inputs).chain(errors) {
        let proof = row.last().expect("a cell");
        let proofs: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(
            !proofs.is_empty() || proof.contains("nothing to prove"),
            "{row:?}"
        );
        for proof in proofs {
            assert!(names.contains(proof), "no test is called {proof}");
        }
    }
}
