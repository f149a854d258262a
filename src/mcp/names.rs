//! Names of tools as models know them: `mcp__SERVER__TOOL`, of letters that every vendor takes.

/// Longest name: vendors take 64 letters, and a program that is an agent puts `mcp__massgen__` before it.
pub const LONGEST: usize = 50;
/// Letters of a server's name that are used at most.
const SERVER: usize = 24;
/// Hex digits that tell cut names apart.
const DIGITS: usize = 6;

/// The name of a tool; the same for the same two names, always.
#[must_use]
pub fn offered(server: &str, tool: &str) -> String {
    let mut server = plain(server);
    let mut cut = server.len() > SERVER;
    server.truncate(SERVER);
    let mut name = format!("mcp__{server}__{}", plain(tool));
    cut |= name.len() > LONGEST;
    if cut {
        name.truncate(LONGEST - DIGITS - 1);
        name.push('_');
        name.push_str(&sum(tool));
    }
    name
}

/// The same where a tool of that name is there already: no two tools share a name.
#[must_use]
pub fn another(server: &str, tool: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let first = offered(server, tool);
    if !taken(&first) {
        return first;
    }
    let mut stem = first;
    stem.truncate(LONGEST - DIGITS - 1);
    let mut salt = 0_u32;
    loop {
        let name = format!("{stem}_{}", sum(&format!("{tool}\u{0}{salt}")));
        if !taken(&name) {
            return name;
        }
        salt += 1;
    }
}

/// Other letters become `_`; ASCII only, so that it can be cut anywhere.
fn plain(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
        _ => '_',
    });
    letters.collect()
}

/// A short sum (FNV-1a) in hex.
fn sum(text: &str) -> String {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{:06x}", sum & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain_and_stay_apart() {
        for (server, tool, name) in [
            ("github", "create_issue", "mcp__github__create_issue"),
            ("my server", "a.b/c", "mcp__my_server__a_b_c"),
            ("s", "ü\u{202e}x", "mcp__s____x"),
        ] {
            assert_eq!(offered(server, tool), name);
        }
        let (long, other) = ("x".repeat(90), "x".repeat(91));
        let (one, two) = (offered("s", &long), offered("s", &other));
        assert_eq!((one.len(), two.len()), (LONGEST, LONGEST));
        assert_ne!(one, two);
        assert_ne!(offered(&long, "a"), offered(&long, "b"));
        assert!(offered(&long, &long).len() <= LONGEST);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_sum() {
        let first = offered("s", "a.b");
        let second = another("s", "a_b", &|name| name == first);
        assert_ne!(first, second);
        assert!(second.len() <= LONGEST);
        assert_eq!(another("s", "a.b", &|_| false), first);
    }
}
