#!/bin/sh
# Runs a team of one Codex against our demo server: the program is real, its model is a script.
# Needs node, npm and a registry, nothing else: no key, no login. CODEX=path takes one that is there.
set -eu
. "$(dirname "$0")/common.sh"

codex=${CODEX:-}
if [ -z "$codex" ]; then
    from_npm "@openai/codex@${CODEX_VERSION:-0.169.0}"
    codex=$work/npm/node_modules/.bin/codex
fi
mkdir "$work/home"
echo "agent: $("$codex" --version)"
demo_server
cat >"$work/team.yaml" <<EOF
agents:
  - id: codex
    backend: {type: codex, model: ${DEMO_MODEL:-script-birch}, command: ["$codex"], env: [DEMO_KEY]}
EOF
mkdir "$work/home/.codex"
cat >"$work/home/.codex/config.toml" <<EOF
model_provider = "demo"
[model_providers.demo]
name = "demo"
base_url = "$url/v1"
wire_api = "responses"
env_key = "DEMO_KEY"
EOF
export HOME="$work/home" CODEX_HOME="$work/home/.codex" DEMO_KEY="$token"
team_run "How does the team decide?"
sort "$work/demo.log" | uniq -c
[ "$code" -eq 0 ] || fails "exit code $code" "$work/demo.log"
told 'published agent1.1' "it published nothing"
told 'voted for' "it did not vote"
# Set-up passes on what every Codex gets.
sed 's/DEMO_KEY/OPENAI_API_KEY/' "$CODEX_HOME/config.toml" >"$work/config.toml"
mv "$work/config.toml" "$CODEX_HOME/config.toml"
OPENAI_API_KEY=$token tried codex "$codex"
echo "ok: Codex"
