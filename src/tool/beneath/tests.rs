//! Nothing below a folder leads out of it, with `openat2` and without.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
};

use super::*;
use crate::protocol::change::Access;

struct Rig {
    _folder: tempfile::TempDir,
    root: PathBuf,
    outside: PathBuf,
}

fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let base = fs::canonicalize(folder.path()).unwrap();
    let (root, outside) = (base.join("root"), base.join("outside"));
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "s3cret").unwrap();
    fs::write(root.join("a/file"), "inside").unwrap();
    Rig {
        _folder: folder,
        root,
        outside,
    }
}

impl Rig {
    fn place(&self, below: &str) -> Place {
        Place {
            base: self.root.clone(),
            below: below.to_owned(),
            shown: below.to_owned(),
            access: Access::Write,
            protected: Vec::new(),
        }
    }
}

#[test]
fn links_within_are_followed_and_links_out_are_not() {
    let rig = rig();
    symlink("a/file", rig.root.join("within")).unwrap();
    symlink(&rig.outside, rig.root.join("out")).unwrap();
    symlink("../outside/secret", rig.root.join("up")).unwrap();
    symlink("/proc/self/root", rig.root.join("magic")).unwrap();
    symlink("loop", rig.root.join("loop")).unwrap();
    assert_eq!(read(&rig.place("within"), 100).unwrap(), b"inside");
    for below in [
        "out/secret",
        "up",
        "magic/etc/hostname",
        "loop",
        "../outside/secret",
        "a/../../outside/secret",
        "/etc/passwd",
    ] {
        assert!(read(&rig.place(below), 100).is_err(), "read {below}");
    }
    assert!(list(&rig.place("out"), 9).is_err());
    for below in ["out/new", "out/deep/new", "up", "../outside/new", "within"] {
        assert!(write(&rig.place(below), b"x").is_err(), "write {below}");
    }
    assert_eq!(fs::read(rig.outside.join("secret")).unwrap(), b"s3cret");
    assert_eq!(fs::read_dir(&rig.outside).unwrap().count(), 1);
    assert_eq!(fs::read(rig.root.join("a/file")).unwrap(), b"inside");
}

#[test]
fn without_openat2_no_link_is_followed_at_all() {
    let rig = rig();
    symlink("a", rig.root.join("folder")).unwrap();
    symlink("a/file", rig.root.join("within")).unwrap();
    symlink(&rig.outside, rig.root.join("out")).unwrap();
    let open = |below: &str| {
        let base = base(&rig.place("")).unwrap();
        walk(base, below, OFlags::RDONLY)
    };
    assert!(open("a/file").is_ok() && open("a").is_ok() && open("").is_ok());
    for below in [
        "folder/file",
        "within",
        "out/secret",
        "..",
        "a/../../outside",
    ] {
        assert!(open(below).is_err(), "{below}");
    }
}

#[test]
fn a_hard_link_is_not_read_and_its_other_name_not_written() {
    let rig = rig();
    fs::hard_link(rig.outside.join("secret"), rig.root.join("hard")).unwrap();
    let error = read(&rig.place("hard"), 100).unwrap_err().to_string();
    assert!(error.contains("hard links"), "{error}");
    write(&rig.place("hard"), b"mine").unwrap();
    assert_eq!(fs::read(rig.root.join("hard")).unwrap(), b"mine");
    assert_eq!(fs::read(rig.outside.join("secret")).unwrap(), b"s3cret");
}

#[test]
fn writing_keeps_the_mode_makes_folders_and_leaves_nothing_behind() {
    let rig = rig();
    let script = rig.root.join("a/run.sh");
    fs::write(&script, "old").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o750)).unwrap();
    write(&rig.place("a/run.sh"), b"new").unwrap();
    assert_eq!(
        fs::metadata(&script).unwrap().permissions().mode() & 0o777,
        0o750
    );
    write(&rig.place("x/y/z"), b"deep").unwrap();
    assert_eq!(fs::read(rig.root.join("x/y/z")).unwrap(), b"deep");
    assert!(write(&rig.place("a/b"), b"x").is_err(), "a folder");
    assert!(
        write(&rig.place("a/file/x"), b"x").is_err(),
        "a file as folder"
    );
    assert!(write(&rig.place(""), b"x").is_err());
    let long = "n".repeat(300);
    let error = write(&rig.place(&long), b"x").unwrap_err();
    assert!(words(&long, &error).contains("too long"), "{error}");
    let left: Vec<String> = list(&rig.place("a"), 99)
        .unwrap()
        .0
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(left, ["b", "file", "run.sh"]);
}

#[test]
fn pipes_and_large_files_do_not_hold_a_reader() {
    let rig = rig();
    let pipe = rig.root.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()));
    assert!(read(&rig.place("pipe"), 100).is_err());
    let big = fs::File::create(rig.root.join("big")).unwrap();
    big.set_len(1 << 40).unwrap();
    assert!(read(&rig.place("big"), 1 << 20).is_err());
}
