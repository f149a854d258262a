#!/bin/sh
# Runs a team of one Claude Code against our demo server: the program is real, its model is a script.
# Needs node, npm and a registry, nothing else: no key, no login. CLAUDE=path takes one that is there.
set -eu
. "$(dirname "$0")/common.sh"

claude=${CLAUDE:-}
if [ -z "$claude" ]; then
    from_npm "@anthropic-ai/claude-code@${CLAUDE_CODE_VERSION:-2.1.197}"
    claude=$work/npm/node_modules/.bin/claude
fi
mkdir "$work/home"
echo "agent: $(HOME="$work/home" "$claude" --version)"
demo_server
cat >"$work/team.yaml" <<EOF
agents:
  - id: claude
    backend: {type: claude_code, model: ${DEMO_MODEL:-script-birch}, command: ["$claude"]}
EOF
export HOME="$work/home" CLAUDE_CONFIG_DIR="$work/home/.claude"
export ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY="$token"
team_run "How does the team decide?"
sort "$work/demo.log" | uniq -c
[ "$code" -eq 0 ] || fails "exit code $code" "$work/demo.log"
told 'published agent1.1' "it published nothing"
told 'voted for' "it did not vote"
tried claude_code "$claude"
echo "ok: Claude Code"
