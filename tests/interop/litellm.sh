#!/bin/sh
# Runs the built program against the LiteLLM proxy from PyPI, a server that nobody here wrote. Its
# upstream is the program's own `demo-server`, so that requests, streams and tool calls pass through
# LiteLLM's reading and writing of the format in both directions. Needs python3 and a registry.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=${LITELLM_VERSION:-1.106.2}
program=${MASSGEN_TUI:-}
for built in "$root/target/release/massgen-tui" "$root/target/debug/massgen-tui"; do
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

# wait_for FILE PATTERN TRIES: what the pattern's group matches once it appears in the file.
wait_for() {
    tries=0
    while ! grep -q "$2" "$1"; do
        tries=$((tries + 1))
        [ "$tries" -le "$3" ] || { cat "$1" >&2; exit 1; }
        sleep 0.2
    done
}

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "litellm[proxy]==$version"

token=upstream-$$-token
"$program" demo-server --scenario turnaround --speed max --token "$token" >"$work/upstream.log" 2>&1 &
started=$!
wait_for "$work/upstream.log" "http://127.0.0.1:" 50
upstream=$(sed -n 's|.*\(http://127.0.0.1:[0-9]*\).*|\1|p' "$work/upstream.log" | head -n 1)

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=sk-third-party-0123456789
cat >"$work/proxy.yaml" <<YAML
model_list:
  - model_name: "*"
    litellm_params: {model: "openai/*", api_base: "$upstream/v1", api_key: "$token"}
general_settings: {master_key: "$key"}
litellm_settings: {telemetry: false}
YAML
LITELLM_LOCAL_MODEL_COST_MAP=True "$work/venv/bin/litellm" --config "$work/proxy.yaml" \
    --host 127.0.0.1 --port "$port" >"$work/proxy.log" 2>&1 &
started="$started $!"
wait_for "$work/proxy.log" "startup complete" 600
name="litellm $("$work/venv/bin/pip" show litellm 2>/dev/null | sed -n 's/^Version: //p')"
echo "server: $name at http://127.0.0.1:$port"

code=0
answer=$(OPENAI_API_KEY=$key "$program" run --state-dir "$work/state" \
    --base-url "http://127.0.0.1:$port/v1" \
    --model script-finch --model script-heron --model script-wren \
    "List the ten largest files" 2>"$work/progress") || code=$?
cat "$work/progress"
echo "exit code: $code"
echo "answer:"
printf '%s\n' "$answer"
[ "$code" -eq 0 ] || { tail -n 40 "$work/proxy.log" >&2; exit 1; }
case $answer in
    *"find . -xdev"*) echo "ok: $name" ;;
    *) echo "not the answer that was expected" >&2; exit 1 ;;
esac
