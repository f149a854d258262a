#!/bin/sh
# 64 streams at once in one process: a team of 64 agents of the built program, headless, against the demo
# server in a process of its own. Prints the most memory that the team's process held while all stream, and in the whole
# run; the bar is 60 MB for the whole run of a release build.
# Linux only, for /proc. MASSGEN_TUI=path names the program; TOKENS and SPEED (tokens a second) change the numbers.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
program=${MASSGEN_TUI:-$root/target/release/massgen-tui}
[ -x "$program" ] || { echo "Build the program first (cargo build --release), or set MASSGEN_TUI." >&2; exit 2; }
streams=64
tokens=${TOKENS:-2000}
work=$(mktemp -d)
server=
team=
finish() {
    for pid in $server $team; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$program" demo-server --speed "${SPEED:-200}" --token bench-token >"$work/server.out" 2>/dev/null &
server=$!
tries=0
until grep -qs '^base url:' "$work/server.out"; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo "the server does not say where it listens" >&2; exit 1; }
    sleep 0.1
done
url=$(sed -n 's|^base url: *\(http://.*\)/v1$|\1|p' "$work/server.out")
# The largest scripted team has 32 agents: two of them, each in a session of its own.
{
    echo "agents:"
    for half in 1 2; do
        for number in $(seq -w 1 32); do
            echo "  - {id: a$half-$number, backend: {type: chatcompletion, model: demo/bench-32x${tokens}/bench-$number, base_url: '$url/s/$half/v1', api_key: '\${BENCH_KEY}'}}"
        done
    done
} >"$work/team.yaml"
BENCH_KEY=bench-token "$program" run --headless --state-dir "$work/state" --config "$work/team.yaml" \
    "Write." >"$work/answer" 2>"$work/progress" &
team=$!
peak=0
most=0
streaming=0
while kill -0 "$team" 2>/dev/null; do
    now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$team/status" 2>/dev/null || true)
    [ -z "$now" ] || peak=$now
    # Before the first answer is published all 64 stream and nothing else happens.
    grep -q ' published ' "$work/progress" || streaming=$peak
    # Sockets that are open to the server: the streams of this moment.
    open=$(find "/proc/$team/fd" -lname 'socket:*' 2>/dev/null | wc -l)
    [ "$open" -le "$most" ] || most=$open
    sleep 0.2
done
code=0
wait "$team" || code=$?
team=
echo "streams $streams, tokens each $tokens, sockets at once $most, peak resident $((streaming / 1024)) MB while streaming," \
    "$((peak / 1024)) MB in the whole run with its 64 x 64 votes, exit code $code"
[ "$code" -eq 0 ] || { tail -n 5 "$work/progress" >&2; exit 1; }
[ "$peak" -lt 61440 ] || { echo "more than 60 MB (a debug build needs more)" >&2; exit 1; }
