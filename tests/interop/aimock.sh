#!/bin/sh
# Runs the built program against aimock, an LLM mock server from npm that nobody here wrote.
# Needs node, npm and a registry. Options of the server may follow, for example
#   tests/interop/aimock.sh --chaos-ratelimit 0.3
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=${AIMOCK_VERSION:-1.43.0}
program=${MASSGEN_TUI:-}
for built in "$root/target/release/massgen-tui" "$root/target/debug/massgen-tui"; do
    [ -n "$program" ] || { [ -x "$built" ] && program=$built; } || true
done
[ -n "$program" ] || { echo "Build the program first (cargo build), or set MASSGEN_TUI." >&2; exit 2; }

work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

(cd "$work" && npm install --silent --no-audit --no-fund --no-save "@copilotkit/aimock@$version" >/dev/null)
mkdir "$work/fixtures"
cp "$here/fixtures.json" "$work/fixtures/"
node "$work/node_modules/.bin/llmock" --port 0 --fixtures "$work/fixtures" --strict "$@" >"$work/server.log" 2>&1 &
server=$!

# The server names its port when it listens.
url=
tries=0
while [ -z "$url" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo "the server does not say where it listens" >&2; exit 1; }
    sleep 0.1
    url=$(sed -n 's|.*listening on \(http://[0-9.:]*\).*|\1|p' "$work/server.log" | head -n 1)
done
name=$(node -p "const p = require('$work/node_modules/@copilotkit/aimock/package.json'); p.name + ' ' + p.version")
echo "server: $name at $url"

# One run per API that the server speaks; a configuration says which.
for wire in chat responses messages gemini; do
    case $wire in
        chat) kind=chatcompletion base=$url/v1 ;;
        responses) kind=openai base=$url/v1 ;;
        messages) kind=claude base=$url/v1 ;;
        gemini) kind=gemini base=$url/v1beta ;;
    esac
    {
        echo "agents:"
        for model in mock-ant mock-bee mock-cow; do
            echo "  - {id: $model, backend: {type: $kind, wire: $wire, model: $model, base_url: $base, api_key: '\${DUMMY_KEY}'}}"
        done
    } >"$work/team.yaml"
    code=0
    answer=$(DUMMY_KEY=not-needed "$program" run --state-dir "$work/state" --config "$work/team.yaml" \
        "What is the sum of the numbers from 1 to 100?" 2>"$work/progress") || code=$?
    echo "== $wire"
    cat "$work/progress"
    echo "exit code: $code"
    printf '%s\n' "$answer"
    [ "$code" -eq 0 ] || { cat "$work/server.log" >&2; exit 1; }
    case $answer in
        *"three agents agreed"*) echo "ok: $wire, $name" ;;
        *) echo "not the answer that was expected" >&2; exit 1 ;;
    esac
done
