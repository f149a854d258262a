#!/bin/sh
# Runs the built program against aimock, an LLM mock server from npm that nobody here wrote.
# Needs node, npm and a registry. Options of the server may follow, for example
#   tests/third_party/aimock.sh --chaos-ratelimit 0.3
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

code=0
answer=$(OPENAI_API_KEY=not-needed "$program" run --state-dir "$work/state" --base-url "$url/v1" \
    --model mock-ant --model mock-bee --model mock-cow \
    "What is the sum of the numbers from 1 to 100?" 2>"$work/progress") || code=$?
cat "$work/progress"
echo "exit code: $code"
echo "answer:"
printf '%s\n' "$answer"
[ "$code" -eq 0 ] || { cat "$work/server.log" >&2; exit 1; }
case $answer in
    *"three agents agreed"*) echo "ok: $name" ;;
    *) echo "not the answer that was expected" >&2; exit 1 ;;
esac
