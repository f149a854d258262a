# Sourced by the scripts beside it: finds the program, makes a folder that is removed at the end, ends
# what was started. Sets root, program, work.
# Exit codes: 0 as expected, 1 a wrong result, 2 nothing to try it with, 75 the registry cannot be reached.

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${MASSGEN_TUI:-}
for built in "$root/target/release/massgen-tui" "${CARGO_TARGET_DIR:-$root/target}/debug/massgen-tui"; do
    [ -n "$program" ] || { [ -x "$built" ] && program=$built; } || true
done
[ -n "$program" ] || { echo "Build the program first (cargo build), or set MASSGEN_TUI." >&2; exit 2; }

work=$(mktemp -d)
started=
finish() {
    for pid in $started; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# fails WHY [LOG]: a wrong result, with the end of what the other side said.
fails() {
    [ -z "${2:-}" ] || tail -n 40 "$2" >&2
    echo "FAILED: $1" >&2
    exit 1
}

# need PROGRAM…: without these nothing can be tried here.
need() {
    for name in "$@"; do
        command -v "$name" >/dev/null || { echo "SKIPPED: $name is not installed." >&2; exit 75; }
    done
}

# from_npm PACKAGE@VERSION…: installs into $work/npm.
from_npm() {
    need node npm
    if ! timeout "${INSTALL_LIMIT:-120}" npm install --silent --no-audit --no-fund --prefix "$work/npm" "$@" >"$work/npm.log" 2>&1; then
        tail -n 5 "$work/npm.log" >&2
        echo "SKIPPED: $* could not be installed from the npm registry within ${INSTALL_LIMIT:-120} s." >&2
        exit 75
    fi
}

# from_pypi PACKAGE==VERSION…: installs into $work/venv.
from_pypi() {
    need python3
    if ! { python3 -m venv "$work/venv" && timeout "${INSTALL_LIMIT:-120}" \
        "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$@"; } >"$work/pip.log" 2>&1; then
        tail -n 5 "$work/pip.log" >&2
        echo "SKIPPED: $* could not be installed from PyPI within ${INSTALL_LIMIT:-120} s." >&2
        exit 75
    fi
}

# wait_for FILE PATTERN PID TENTHS: waits until a line of the file matches; the process must live.
wait_for() {
    tries=0
    while ! grep -q "$2" "$1" 2>/dev/null; do
        kill -0 "$3" 2>/dev/null || fails "it ended before it was ready" "$1"
        tries=$((tries + 1))
        [ "$tries" -le "$4" ] || fails "it does not say that it is ready" "$1"
        sleep 0.1
    done
}

# demo_server ARGUMENTS…: starts our own server; sets url and token.
demo_server() {
    token=demo-token
    "$program" demo-server --speed max --token "$token" "$@" >"$work/demo.out" 2>"$work/demo.log" &
    started="$started $!"
    wait_for "$work/demo.out" '^base url:' "$!" 100
    url=$(sed -n 's|^base url: *\(http://.*\)/v1$|\1|p' "$work/demo.out")
}

# team_run TASK: runs $work/team.yaml headless, bounded; sets code and answer, leaves $work/progress.
team_run() {
    code=0
    answer=$(cd "$work" && timeout "${LIMIT:-120}" "$program" run --state-dir "$work/state" \
        --config "$work/team.yaml" "$1" 2>"$work/progress") || code=$?
    cat "$work/progress"
    echo "exit code: $code"
    printf '%s\n' "$answer" | head -n 3
}

# told PATTERN WHAT: the run's progress has such a line.
told() {
    grep -q "$1" "$work/progress" || fails "$2"
}

# tried BACKEND PROGRAM: set-up finds the program, and its one tiny call is answered.
tried() {
    mkdir -p "$work/bin"
    ln -sf "$2" "$work/bin/$(basename "$2")"
    PATH="$work/bin:$PATH" "$program" setup --headless --test --json \
        --agent "id=a,provider=$1,model=${DEMO_MODEL:-script-birch}" >"$work/tried.json" 2>"$work/tried.log" ||
        { cat "$work/tried.log"; fails "set-up tried it: exit code $?" "$work/tried.json"; }
    grep -q "\"provider\": \"$1\"" "$work/tried.json" || fails "set-up does not find it" "$work/tried.json"
    grep -A3 '"test": {' "$work/tried.json"
}
