//! Prints the keymap as the page `docs/keys.md`.

use std::fmt::Write as _;

use super::{Context, Keymap};

/// The whole page, Markdown.
pub fn markdown(keymap: &Keymap) -> String {
    let mut page = String::from(
        "# Keys\n\n\
         Printed from `assets/keymap.toml`; `just keys` writes it anew. The same table is behind the\n\
         help overlay (`F1`, or `?` outside a text) and the command palette (`Ctrl-P`).\n",
    );
    for context in Context::ALL {
        let bindings: Vec<_> = keymap
            .bindings()
            .iter()
            .filter(|binding| binding.context == context)
            .collect();
        if bindings.is_empty() {
            continue;
        }
        let _ = write!(
            page,
            "\n## {}\n\n| Key | What it does | Name |\n|---|---|---|\n",
            context.title()
        );
        for binding in bindings {
            let keys = binding
                .keys
                .iter()
                .map(|chord| format!("`{}`", chord.to_string().replace('|', "\\|")))
                .collect::<Vec<_>>()
                .join(", ");
            let _ = writeln!(
                page,
                "| {keys} | {} | `{}` |",
                binding.entry.help, binding.entry.name
            );
        }
    }
    page
}
