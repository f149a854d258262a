//! What stands at the end of the help of `config` and its commands: when one wants it, and an example.

/// `config`.
pub const CONFIG: &str = "A configuration names the team and its rules, in MassGen's YAML or JSON.\n\n\
    Examples:\n  \
      massgen-tui config new --template research -o team.yaml\n  \
      massgen-tui config check team.yaml\n  \
      massgen-tui run --config team.yaml \"task\"";

/// `config check`.
pub const CHECK: &str = "Nothing is run and nothing is sent. What this machine lacks, such as a key, is a \
    warning. Exit code 2: a file has an error.\n\n\
    Examples:\n  \
      massgen-tui config check team.yaml\n  \
      massgen-tui config check --strict --no-notes configs/*.yaml\n  \
      cat team.yaml | massgen-tui config check --json -";

/// `config path`.
pub const PATH: &str = "The first that is there is used when a run names none with --config.\n\n\
    Example:\n  massgen-tui config path";

/// `config schema`.
pub const SCHEMA: &str = "Editors with a YAML language server complete keys and underline slips with it.\n\n\
    Example:\n  \
      massgen-tui config schema > massgen-tui.schema.json\n\n\
    First line of the configuration then:\n  \
      # yaml-language-server: $schema=./massgen-tui.schema.json";

/// `config explain`.
pub const EXPLAIN: &str = "The end of a path is enough.\n\n\
    Examples:\n  \
      massgen-tui config explain voting_sensitivity\n  \
      massgen-tui config explain agents[0].backend.cwd";

/// `config fmt`.
pub const FMT: &str = "Lines are moved, never changed; a file for which that cannot be proved stays as it is.\n\n\
    Examples:\n  \
      massgen-tui config fmt --check team.yaml\n  \
      massgen-tui config fmt team.yaml";

/// `config migrate`.
pub const MIGRATE: &str = "Without --write only the differences are printed. Exit code 2: something is left to \
    do by hand.\n\n\
    Examples:\n  \
      massgen-tui config migrate old.yaml\n  \
      massgen-tui config migrate --write old.yaml";

/// `config show`.
pub const SHOW: &str = "Values come, strongest last, from: defaults, your own settings, the project's, a \
    profile, the file, the environment, flags.\n\n\
    Examples:\n  \
      massgen-tui config show --origin\n  \
      massgen-tui config show team.yaml --profile ci --set orchestrator.policy=ranked";

/// `config trust`.
pub const TRUST: &str = "A configuration that lies in a project is not used before somebody has approved what \
    is in it: it could start programs and send files anywhere. A change of the file asks anew.\n\n\
    Examples:\n  \
      massgen-tui config trust\n  \
      massgen-tui config trust --list";

/// `config untrust`.
pub const UNTRUST: &str = "Example:\n  massgen-tui config untrust .massgen/config.yaml";

/// `config new`.
pub const NEW: &str = "Examples:\n  \
      massgen-tui config new --list\n  \
      massgen-tui config new --template code-review -o team.yaml\n  \
      massgen-tui config new -t local-only -m ollama/qwen3 -o -";
