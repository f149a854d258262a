#!/bin/sh
# The same genuine logs of MassGen, looked at with MassGen and with massgen-tui, by turns: wall time (the median of
# RUNS, 3 by default) and the ratio. Nothing is asked of a model and no log is written to: they are copied first.
#
#   tests/bench/massgen.sh LOGS      LOGS: a folder in which .massgen/massgen_logs folders lie, at any depth
#
# MASSGEN=path names MassGen; without it version 0.1.97 is installed from PyPI into a folder that is removed at
# the end (WAIT seconds at most, 600 by default). MASSGEN_TUI=path names our program.
# Exit codes: 0 measured, 2 wrong usage or nothing to measure, 75 MassGen could not be had.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${MASSGEN_TUI:-$root/target/release/massgen-tui}
[ -x "$program" ] || { echo "Build the program first (cargo build --release), or set MASSGEN_TUI." >&2; exit 2; }
[ -d "${1:-}" ] || { echo "usage: $0 LOGS" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

mkdir -p "$work/home/.massgen/massgen_logs" "$work/here"
logs=$work/home/.massgen/massgen_logs
find "$1" -type d -path '*/.massgen/massgen_logs/log_*' -prune -exec cp -R {} "$logs/" \;
count=$(find "$logs" -mindepth 1 -maxdepth 1 -type d | wc -l)
[ "$count" -gt 0 ] || { echo "There is no .massgen/massgen_logs/log_… below $1." >&2; exit 2; }
# MassGen looks below the folder it is started in.
mkdir "$work/here/.massgen"
cp -R "$logs" "$work/here/.massgen/"
one=$(find "$work/here/.massgen/massgen_logs" -mindepth 1 -maxdepth 1 -type d -name 'log_*' | sort | tail -n 1)

massgen=${MASSGEN:-}
if [ -z "$massgen" ]; then
    python3 -m venv "$work/venv"
    timeout "${WAIT:-600}" "$work/venv/bin/pip" install -q massgen==0.1.97 ||
        { echo "massgen 0.1.97 cannot be installed from PyPI within ${WAIT:-600} s." >&2; exit 75; }
    massgen=$work/venv/bin/massgen
fi

# timed COMMAND…: the median of its wall times in milliseconds. What it prints goes to $work/out.
timed() {
    for _ in $(seq "${RUNS:-3}"); do
        before=$(date +%s%N)
        (cd "$work/here" && HOME="$work/home" MASSGEN_TUI_STATE_DIR="$work/state" TERM=xterm-256color \
            timeout 300 "$@" >"$work/out" 2>"$work/err" </dev/null) ||
            { echo "failed: $*" >&2; tail -n 3 "$work/err" >&2; }
        echo $((($(date +%s%N) - before) / 1000000))
    done | sort -n | sed -n "$(((${RUNS:-3} + 1) / 2))p"
}

# beside WHAT THEIRS OURS: a row of the table.
beside() {
    theirs=$(timed sh -c "exec \"$massgen\" $2")
    ours=$(timed sh -c "exec \"$program\" $3")
    awk -v what="$1" -v theirs="$theirs" -v ours="$ours" 'BEGIN {
        printf "| %s | %d ms | %d ms | %.0f |\n", what, theirs, ours, theirs / (ours > 0 ? ours : 1) }'
}

echo "$count logs, median of ${RUNS:-3}; $("$program" --version), MassGen 0.1.97"
echo "| what | MassGen | massgen-tui | ratio |"
echo "|---|---:|---:|---:|"
beside "start (\`--help\`)" "--help" "--help"
beside "list, first time (nothing remembered)" "logs list" "logs list --state-dir \"$work/state-\$\$\""
beside "list, again" "logs list" "logs list"
beside "one session in words" "logs summary --log-dir \"$one\"" "logs show \"$one\""
beside "one session, as its own screen shows it" "viewer \"$one\"" "screenshot \"$one\" -o - --format txt"
beside "the figures of one session" "logs tools --log-dir \"$one\"" "logs analyze \"$one\""
