#!/bin/sh
# Runs a team of one Codex against our demo server: the program is real, its model is a script.
# Needs node, npm and a registry, nothing else: no key, no login.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=${CODEX_VERSION:-0.169.0}
model=${DEMO_MODEL:-script-birch}
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

if [ -n "${CODEX:-}" ]; then
    codex=$CODEX
else
    npm install --silent --no-audit --no-fund --prefix "$work/npm" "@openai/codex@$version" >/dev/null
    codex=$work/npm/node_modules/.bin/codex
fi
echo "agent: $("$codex" --version)"

"$program" demo-server --speed max --token demo-token >"$work/server.out" 2>"$work/server.log" &
server=$!
url=
tries=0
while [ -z "$url" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || { echo "the server does not say where it listens" >&2; exit 1; }
    sleep 0.1
    url=$(sed -n 's|^base url: *\(http://.*\)/v1$|\1|p' "$work/server.out")
done

cat >"$work/team.yaml" <<EOF
agents:
  - id: codex
    backend: {type: codex, model: $model, command: ["$codex"], env: [DEMO_KEY]}
EOF
mkdir "$work/home" "$work/home/.codex"
cat >"$work/home/.codex/config.toml" <<EOF
model_provider = "demo"
[model_providers.demo]
name = "demo"
base_url = "$url/v1"
wire_api = "responses"
env_key = "DEMO_KEY"
EOF
code=0
cd "$work"
answer=$(HOME="$work/home" CODEX_HOME="$work/home/.codex" DEMO_KEY=demo-token \
    timeout "${LIMIT:-120}" "$program" run --state-dir "$work/state" --config "$work/team.yaml" \
    "How does the team decide?" 2>"$work/progress") || code=$?
cat "$work/progress"
echo "exit code: $code"
printf '%s\n' "$answer"
sort "$work/server.log" | uniq -c
[ "$code" -eq 0 ] || exit 1
grep -q 'published agent1.1' "$work/progress" || { echo "it published nothing" >&2; exit 1; }
grep -q 'voted for' "$work/progress" || { echo "it did not vote" >&2; exit 1; }
echo "ok: Codex"
