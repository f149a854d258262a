//! Bundles there and back, damaged ones, hostile ones.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;
use crate::{
    export::{Attachment, AttachmentKind, Cut, Particulars, hex, sha256, survey},
    store::samples,
};

type Files = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

struct Into(Files, String);

impl Write for Into {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .borrow_mut()
            .entry(self.1.clone())
            .or_default()
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn opened(bytes: &[u8], limits: Limits) -> Result<(Manifest, BTreeMap<String, Vec<u8>>), Refusal> {
    let files = Files::default();
    let manifest = unpack(&mut &*bytes, limits, &mut |part| {
        files.borrow_mut().insert(part.name.clone(), Vec::new());
        Ok(Box::new(Into(Rc::clone(&files), part.name.clone())))
    })?;
    let files = files.borrow().clone();
    Ok((manifest, files))
}

fn packed(notes: &str) -> Vec<u8> {
    let events = samples::session("20261121-101530-k3f9");
    let about = Particulars {
        run: Some(RunId("20261121-101530-k3f9".into())),
        version: "0.1.0".into(),
        schema: 1,
        attachments: vec![Attachment {
            name: "notes.jsonl".into(),
            title: "notes".into(),
            text: notes.to_owned(),
            kind: AttachmentKind::Record,
        }],
        ..Particulars::default()
    };
    let survey = survey(about.run.as_ref().unwrap(), &events).unwrap();
    let mut out = Vec::new();
    write(&events, &survey, &about, Cut::Nothing, &mut out).unwrap();
    out
}

#[test]
fn what_was_packed_is_what_is_unpacked() {
    let (manifest, files) = opened(&packed("{}\n"), Limits::default()).unwrap();
    assert_eq!(manifest.run.0, "20261121-101530-k3f9");
    assert_eq!(files["notes.jsonl"], b"{}\n");
    let log = String::from_utf8(files[LOG].clone()).unwrap();
    let events: Vec<crate::protocol::Event> = log
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events, samples::session("20261121-101530-k3f9"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn damage_anywhere_is_refused_and_never_a_panic(at in 0_usize..10_000, bit in 0_u8..8, cut in any::<bool>()) {
        let whole = packed("{\"note\":1}\n");
        let mut bytes = whole.clone();
        let at = at % bytes.len();
        if cut { bytes.truncate(at); } else { bytes[at] ^= 1 << bit; }
        let got = opened(&bytes, Limits::default());
        // Bits of the gzip header (times, flags nobody reads) may change without harm to what is inside.
        match got {
            Ok((manifest, files)) => {
                let (same, parts) = opened(&whole, Limits::default()).unwrap();
                prop_assert_eq!((manifest, files), (same, parts));
            }
            Err(refusal) => prop_assert!(!refusal.to_string().is_empty()),
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(opened(&bytes, Limits::default()).is_err());
    }
}

/// An archive as somebody else may make it.
fn archive(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = GzEncoder::new(Vec::new(), Compression::fast());
    for (name, kind, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        // Past the checks of the library, which makes no such names itself.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(if *kind == tar::EntryType::Regular {
            bytes.len() as u64
        } else {
            0
        });
        header.set_entry_type(*kind);
        if *kind == tar::EntryType::Symlink {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_mode(0o644);
        header.set_cksum();
        tar.write_all(header.as_bytes()).unwrap();
        if *kind == tar::EntryType::Regular {
            tar.write_all(bytes).unwrap();
            tar.write_all(&vec![0; (512 - bytes.len() % 512) % 512])
                .unwrap();
        }
    }
    tar.write_all(&[0; 1024]).unwrap();
    tar.finish().unwrap()
}

fn manifest(parts: &[(&str, &[u8])], version: u32) -> Vec<u8> {
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, bytes)| serde_json::json!({"name": name, "bytes": bytes.len(), "sha256": hex(&sha256(bytes))}))
        .collect();
    serde_json::to_vec(&serde_json::json!({
        "massgen_tui": "bundle", "version": version, "program": "9.9.9", "run": "r", "parts": parts,
    }))
    .unwrap()
}

#[test]
fn hostile_bundles_are_refused_with_a_word() {
    use tar::EntryType::{Regular, Symlink};
    let log: &[u8] = b"{}\n";
    let check = |parts: &[(&str, &[u8])], entries: &[(&str, tar::EntryType, &[u8])], word: &str| {
        let text = manifest(parts, 1);
        let mut all = vec![(MANIFEST, Regular, text.as_slice())];
        all.extend_from_slice(entries);
        let refusal = opened(
            &archive(&all),
            Limits {
                bytes: 1_000_000,
                parts: 10,
            },
        )
        .unwrap_err()
        .to_string();
        assert!(refusal.contains(word), "{word}: {refusal}");
    };
    let good = (LOG, log);
    check(&[good, ("files/../../x", log)], &[], "called");
    check(&[good, ("/etc/x", log)], &[], "called");
    check(&[good, ("files/.ssh", log)], &[], "called");
    check(&[good, good], &[], "twice");
    check(&[], &[], "no log");
    check(&[good], &[], "missing");
    check(&[good], &[(LOG, Symlink, b"")], "link");
    check(&[good], &[("other", Regular, log)], "stands where");
    check(&[good], &[(LOG, Regular, b"{}")], "cut off");
    check(&[good], &[(LOG, Regular, b"{}\n\n")], "larger");
    check(&[good], &[(LOG, Regular, b"[]\n")], "SHA-256");
    check(
        &[good],
        &[(LOG, Regular, log), ("files/x", Regular, log)],
        "more than its manifest",
    );
    let many: Vec<String> = (0..11).map(|place| format!("files/{place}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), log)).collect();
    check(&many, &[], "parts");
    // Promises more than may be taken: refused before a byte of it is read.
    let huge = vec![0; 2_000_000];
    check(&[(LOG, &huge)], &[], "bytes");
    let newer = archive(&[(MANIFEST, Regular, &manifest(&[good], 2))]);
    let refusal = opened(&newer, Limits::default()).unwrap_err().to_string();
    assert!(
        refusal.contains("format 2") && refusal.contains("9.9.9"),
        "{refusal}"
    );
    let other = archive(&[("readme", Regular, b"hello")]);
    assert!(matches!(
        opened(&other, Limits::default()),
        Err(Refusal::NoBundle)
    ));
}

/// Counts what is written.
struct Shared(Rc<RefCell<usize>>);
impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.0.borrow_mut() += bytes.len();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    // A small file that says it is small and unpacks to much more.
    let zeros = vec![0_u8; 50_000_000];
    let text = manifest(&[(LOG, &[0; 16])], 1);
    let bomb = archive(&[
        (MANIFEST, tar::EntryType::Regular, &text),
        (LOG, tar::EntryType::Regular, &zeros),
    ]);
    assert!(bomb.len() < 300_000);
    let shared = Rc::new(RefCell::new(0_usize));
    let seen = Rc::clone(&shared);
    let refusal = unpack(&mut &*bomb, Limits::default(), &mut |_| {
        Ok(Box::new(Shared(Rc::clone(&seen))))
    });
    assert!(refusal.unwrap_err().to_string().contains("larger"));
    assert!(
        *shared.borrow() <= 16,
        "nothing beyond the promise was written"
    );
}
