#!/bin/sh
# The same genuine logs of MassGen, looked at with MassGen and with massgen-tui, by turns: wall and CPU time (medians of
# RUNS, 3 by default) and their ratios. Nothing is asked of a model and no log is written to: they are copied first.
#
#   tests/bench/massgen.sh LOGS      LOGS: a folder in which .massgen/massgen_logs folders lie, at any depth
#
# `massgen viewer` is left out: it is a screen that waits for a key for ever and needs a terminal.
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

# Both look below the folder they are started in.
logs=$work/here/.massgen/massgen_logs
mkdir -p "$work/home" "$logs"
find "$1" -type d -path '*/.massgen/massgen_logs/log_*' -prune -exec cp -R {} "$logs/" \;
count=$(find "$logs" -mindepth 1 -maxdepth 1 -type d | wc -l)
[ "$count" -gt 0 ] || { echo "There is no .massgen/massgen_logs/log_… below $1." >&2; exit 2; }
# One that MassGen's commands can say something of.
one=$(find "$logs" -name metrics_summary.json | sort | sed -n '1s|\(.*/log_[^/]*\)/.*|\1|p')

massgen=${MASSGEN:-}
if [ -z "$massgen" ]; then
    python3 -m venv "$work/venv"
    # Pip alone needs longer than that for its 265 packages.
    "$work/venv/bin/pip" install -q uv >/dev/null 2>&1 &&
        timeout "${WAIT:-600}" "$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" massgen==0.1.97 ||
        { echo "massgen 0.1.97 cannot be installed from PyPI within ${WAIT:-600} s." >&2; exit 75; }
    massgen=$work/venv/bin/massgen
fi

cat >"$work/timed.py" <<'P'
"""timed.py RUNS COMMAND: the medians of its wall and CPU time, in milliseconds; what it printed goes to `out`."""
import os, resource, statistics, subprocess, sys, time

def once(command):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with open(os.environ["OUT"], "wb") as out:
        code = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=600).returncode
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != 0:
        print(f"ended with {code}: {command}", file=sys.stderr)
    return wall * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

times = [once(sys.argv[2]) for _ in range(int(sys.argv[1]))]
print(*(round(statistics.median(column)) for column in zip(*times)))
P

# timed COMMAND: the medians of its wall and CPU time.
timed() {
    (cd "$work/here" && HOME="$work/home" MASSGEN_TUI_STATE_DIR="$work/state" TERM=xterm-256color OUT="$work/out" \
        PYTHONWARNINGS=ignore python3 "$work/timed.py" "${RUNS:-3}" "exec $1")
}

# beside WHAT THEIRS OURS: a row of the table.
beside() {
    theirs=$(timed "'$massgen' $2")
    ours=$(timed "'$program' $3")
    # shellcheck disable=SC2086
    set -- "$1" $theirs $ours
    awk -v what="$1" -v tw="$2" -v tc="$3" -v ow="$4" -v oc="$5" 'BEGIN {
        printf "| %s | %d / %d ms | %d / %d ms | %.0f / %.0f |\n", what, tw, tc, ow, oc, tw / (ow > 0 ? ow : 1), tc / (oc > 0 ? oc : 1) }'
}

echo "$count logs, median of ${RUNS:-3}; $("$program" --version), MassGen 0.1.97"
echo "Wall time / CPU time; the second says more on a machine that does other things."
echo "| what | MassGen | massgen-tui | ratio |"
echo "|---|---:|---:|---:|"
beside "help of the logs" "logs --help" "logs --help"
beside "list, nothing remembered" "logs list" "logs list --state-dir \"\$(mktemp -d \"$work/fresh.XXXX\")\""
beside "list, again" "logs list" "logs list"
beside "one session in words" "logs summary --log-dir \"$one\"" "logs show \"$one\""
beside "the figures of one session" "logs tools --log-dir \"$one\"" "logs analyze \"$one\""
