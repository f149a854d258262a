#!/bin/sh
# Runs a team of one Gemini CLI against our demo server: the program is real, its model is a script.
# Needs node, npm and a registry, nothing else: no key, no login. GEMINI=path takes one that is there.
set -eu
. "$(dirname "$0")/common.sh"

gemini=${GEMINI:-}
if [ -z "$gemini" ]; then
    from_npm "@google/gemini-cli@${GEMINI_CLI_VERSION:-0.61.0}"
    gemini=$work/npm/node_modules/.bin/gemini
fi
mkdir "$work/home"
echo "agent: Gemini CLI $(HOME="$work/home" "$gemini" --version)"
demo_server
cat >"$work/team.yaml" <<EOF
agents:
  - id: gemini
    backend: {type: gemini_cli, model: ${DEMO_MODEL:-script-birch}, command: ["$gemini"]}
EOF
export HOME="$work/home" GOOGLE_GEMINI_BASE_URL="$url" GEMINI_API_KEY="$token"
team_run "How does the team decide?"
sort "$work/demo.log" | uniq -c
[ "$code" -eq 0 ] || fails "exit code $code" "$work/demo.log"
told 'published agent1.1' "it published nothing"
told 'voted for' "it did not vote"
tried gemini_cli "$gemini"
echo "ok: Gemini CLI"
