//! `run_command`: a command in the sandbox, with its exit code and both streams.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Grip, args, on_disk};
use crate::{
    protocol::{Deed, Network, Permitting, ToolNote, ToolSpec},
    tool::{
        RUN_COMMAND, Ran, beneath,
        leave::{Wish, leave},
        permit::Usual,
        place,
        sandbox::{End, Ended, Job, Program, Stream, Tier},
    },
};

/// Seconds of a command that names none.
const SECONDS: u64 = 120;
/// Bytes of a stream that are shown: from its beginning, and from its end.
const HEAD: usize = 10 * 1024;
const TAIL: usize = 10 * 1024;

/// How it is offered.
pub fn spec(permitting: &Permitting) -> ToolSpec {
    let network = match permitting.network {
        Network::Off => "There is no network, not even to this machine.",
        Network::On => "The network can be reached.",
    };
    ToolSpec {
        name: RUN_COMMAND.into(),
        description: format!(
            "Run a command in your folder: \"command\" is a line for sh, or \"argv\" a program and \
             its arguments. It sees your folders, the system and a private $TMPDIR, and nothing of \
             it goes on running afterwards. {network} A command that fails is an error with its \
             exit code."
        ),
        parameters: json!({
            "type": "object",
            "properties": {
                "command": { "type": "string", "description": "Line for sh" },
                "argv": {
                    "type": "array",
                    "items": { "type": "string" },
                    "description": "Program and arguments, instead of a line"
                },
                "folder": { "type": "string", "description": "Where; your first folder without it" },
                "seconds": {
                    "type": "integer",
                    "description": format!("Seconds until it is stopped; {SECONDS} without it, at most {}", permitting.command_seconds)
                }
            }
        }),
    }
}

struct Asked {
    program: Program,
    line: String,
    folder: String,
    seconds: u64,
}

fn read(arguments: &Value, permitting: &Permitting) -> Result<Asked, String> {
    let argv = args::texts(arguments, "argv")?.filter(|words| !words.is_empty());
    let (program, line) = match (args::maybe(arguments, "command")?, argv) {
        (Some(line), None) if !line.trim().is_empty() => {
            (Program::Line(line.to_owned()), line.to_owned())
        }
        (None, Some(words)) => {
            let line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>();
            (Program::Words(words), line.join(" "))
        }
        _ => return Err("Give either \"command\" or \"argv\".".to_owned()),
    };
    if line.contains('\0') {
        return Err("A command cannot hold a NUL byte.".to_owned());
    }
    let seconds = args::number(arguments, "seconds")?.unwrap_or(SECONDS);
    Ok(Asked {
        program,
        line,
        folder: args::maybe(arguments, "folder")?.unwrap_or("").to_owned(),
        seconds: seconds.clamp(1, permitting.command_seconds.max(1)),
    })
}

/// A word as a shell would need it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Runs.
pub async fn run(hands: Grip, permitting: &Permitting, arguments: Value) -> Ran {
    match perform(&hands, permitting, &arguments).await {
        Err(why) => Ran::from(Err(why)),
        Ok((ended, seconds)) => tell(&hands, ended, seconds).await,
    }
}

async fn perform(
    hands: &Grip,
    permitting: &Permitting,
    arguments: &Value,
) -> Result<(Ended, u64), String> {
    let asked = read(arguments, permitting)?;
    let folder = match (asked.folder.trim(), hands.ground.roots.first()) {
        ("" | ".", Some(root)) => place::find(&hands.ground, &root.path.to_string_lossy())?,
        (path, _) => place::find(&hands.ground, path)?,
    };
    let tier = hands.runner.tier().await;
    let (usual, held) = match tier {
        Tier::Nothing => (
            Usual::Ask("Nothing holds commands on this system.".to_owned()),
            "NOTHING HOLDS IT: it can read, change and send whatever you can.".to_owned(),
        ),
        Tier::Landlock | Tier::Bubblewrap => (
            Usual::Allow,
            format!("It runs in the sandbox ({}).", tier.word()),
        ),
    };
    let wish = Wish {
        tool: RUN_COMMAND.to_owned(),
        deed: Deed::Command {
            line: asked.line.clone(),
            folder: folder.shown.clone(),
        },
        usual,
        fixed: false,
        tier: tier.word(),
        held,
    };
    let leave = leave(&hands.office(), wish).await?;
    // The person may have made another line of it.
    let program = match leave.deed {
        Deed::Command { line, .. } if line != asked.line => Program::Line(line),
        _ => asked.program,
    };
    let inside = folder.clone();
    let real = on_disk(move || {
        beneath::real(&inside).map_err(|error| beneath::words(&inside.shown, &error))
    })
    .await?;
    let job = Job {
        program,
        folder: real,
        ground: hands.ground.clone(),
        network: permitting.network,
        read: permitting.read.iter().map(Into::into).collect(),
        seconds: asked.seconds,
    };
    Ok((hands.runner.run(job).await?, asked.seconds))
}

async fn tell(hands: &Grip, ended: Ended, seconds: u64) -> Ran {
    let (code, cut) = match ended.end {
        End::Exit(code) => (Some(code), None),
        End::Signal(signal) => (None, Some(format!("killed by signal {signal}"))),
        End::Late => (None, Some(format!("stopped after {seconds} s"))),
        End::Crowd => (None, Some("stopped: too many processes".to_owned())),
    };
    let mut text = match (code, &cut) {
        (Some(code), _) => format!("exit {code}\n"),
        (None, Some(cut)) => format!("{cut}\n"),
        (None, None) => String::new(),
    };
    let mut streams = [("output", ended.output), ("errors", ended.errors)];
    for (name, stream) in &mut streams {
        let stream = std::mem::take(stream);
        if stream.kept.is_empty() {
            continue;
        }
        let _ = writeln!(text, "--- {name}");
        show(hands, name, stream, &mut text).await;
    }
    if !text.contains("---") {
        text.push_str("(no output)\n");
    }
    let fine = code == Some(0);
    Ran {
        result: if fine { Ok(text) } else { Err(text) },
        note: Some(ToolNote::Exit {
            code,
            cut,
            tier: ended.tier.word().to_owned(),
        }),
    }
}

/// A stream whole, or its beginning and end and where the middle is.
async fn show(hands: &Grip, name: &str, stream: Stream, text: &mut String) {
    let whole = String::from_utf8_lossy(&stream.kept).into_owned();
    if whole.len() <= HEAD + TAIL {
        text.push_str(&whole);
        if !whole.ends_with('\n') {
            text.push('\n');
        }
        return;
    }
    let head = &whole[..whole.floor_char_boundary(HEAD)];
    let tail = &whole[whole.ceil_char_boundary(whole.len() - TAIL)..];
    let left = whole.len() - head.len() - tail.len();
    let kept = keep(hands, name, stream.kept).await;
    let _ = writeln!(text, "{head}\n[{left} bytes left out here{kept}]\n{tail}");
    if stream.lost > 0 {
        let _ = writeln!(
            text,
            "[and {} bytes after that were thrown away]",
            stream.lost
        );
    }
}

/// Keeps a long stream as a file that the agent reads.
async fn keep(hands: &Grip, name: &str, bytes: Vec<u8>) -> String {
    let path = format!(
        "{}/{name}-{:08x}.txt",
        crate::tool::hands::TEMP,
        fastrand::u32(..)
    );
    let Ok(place) = place::find(&hands.ground, &path) else {
        return String::new();
    };
    let written = on_disk(move || {
        beneath::write(&place, &bytes).map_err(|error| beneath::words(&place.shown, &error))
    });
    match written.await {
        Ok(()) => format!("; all of it is in {path}"),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_line_or_words() {
        let usual = Permitting::default();
        let line = |arguments: Value| read(&arguments, &usual).map(|asked| asked.line);
        assert_eq!(line(json!({"command": "a && b"})), Ok("a && b".into()));
        assert_eq!(
            line(json!({"argv": ["git", "commit", "-m", "it's"]})),
            Ok("git commit -m 'it'\\''s'".into())
        );
        for wrong in [
            json!({}),
            json!({"command": " "}),
            json!({"argv": []}),
            json!({"command": "a", "argv": ["b"]}),
            json!({"command": "a\0b"}),
            json!({"argv": "a"}),
        ] {
            assert!(line(wrong.clone()).is_err(), "{wrong}");
        }
        let seconds = |n: u64| {
            read(&json!({"command": "a", "seconds": n}), &usual)
                .unwrap()
                .seconds
        };
        assert_eq!((seconds(0), seconds(5), seconds(1 << 40)), (1, 5, 600));
    }
}
