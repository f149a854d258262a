# Shortcuts; every line can be typed by hand.

default:
    @just --list

# The program.
run *ARGS:
    cargo run --release -- {{ARGS}}

# The scripted team, straight in.
demo NAME="quick":
    cargo run --release -- --demo {{NAME}}

# All tests.
test *ARGS:
    cargo test {{ARGS}}

# The rules of the house only.
tidy:
    cargo test --test it tidy

# Renews the generated pages docs/keys.md and docs/config.md, and the README's pictures.
docs:
    MASSGEN_TUI_WRITE_DOCS=1 cargo test --test it f12_writes
    MASSGEN_TUI_WRITE_DOCS=1 cargo test --lib the_page_of_keys
    MASSGEN_TUI_BLESS=1 cargo test --test it config

# Renews docs/keys.md.
keys:
    MASSGEN_TUI_WRITE_DOCS=1 cargo test --lib the_page_of_keys

# Formatting, lints, documentation.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# Benches of the parts.
bench *ARGS:
    cargo bench {{ARGS}}

# What the build server runs.
ci:
    .ci/run
