//! The name that the person has told git.

use std::path::Path;

use git2::{Config, Repository};

/// `user.name` as git has it in this folder: the repository's, else the person's, else the machine's.
/// `None` when git knows none.
#[must_use]
pub fn person(folder: &Path) -> Option<String> {
    let repository = Repository::discover(folder).ok();
    let config = repository.and_then(|repository| repository.config().ok());
    let config = config.or_else(|| Config::open_default().ok())?;
    let name = config.get_string("user.name").ok()?;
    Some(name).filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_says_who_works_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init(folder.path()).expect("a repository");
        let mut config = repository.config().expect("a configuration");
        config.set_str("user.name", "Mia Sol").expect("a setting");
        let below = folder.path().join("below");
        std::fs::create_dir(&below).expect("a folder");
        assert_eq!(person(&below).as_deref(), Some("Mia Sol"));
        config.set_str("user.name", " ").expect("a setting");
        assert_eq!(person(&below), None);
    }
}
