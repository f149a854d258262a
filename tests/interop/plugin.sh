#!/bin/sh
# The real Claude Code: validates plugin and marketplace, installs the plugin by `massgen-tui plugin install`
# in a fresh home, and calls a tool of our MCP server; its model is a script of our demo server. No key.
# CLAUDE=path takes one that is there.
set -eu
. "$(dirname "$0")/common.sh"

claude=${CLAUDE:-}
if [ -z "$claude" ]; then
    from_npm "@anthropic-ai/claude-code@${CLAUDE_CODE_VERSION:-2.1.330}"
    claude=$work/npm/node_modules/.bin/claude
fi
mkdir "$work/home" "$work/project"
export HOME="$work/home" CLAUDE_CONFIG_DIR="$work/home/.claude"
export MASSGEN_TUI_STATE_DIR="$work/state"
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1
echo "agent: $("$claude" --version)"

# doing NAME COMMAND…: runs it, bounded; what it says is in $work/NAME.
doing() {
    name=$1
    shift
    timeout "${LIMIT:-90}" "$@" >"$work/$name" 2>&1 || fails "$*" "$work/$name"
}

doing market "$claude" plugin validate --strict "$root/assets/claude-plugin"
doing manifest "$claude" plugin validate --strict "$root/assets/claude-plugin/massgen-tui"
echo "ok: Claude Code's validator accepts marketplace and plugin (strict)"

doing install "$program" plugin --claude "$claude" install
doing again "$program" plugin --claude "$claude" install
grep -q 'already' "$work/again" || fails "installing twice wrote files" "$work/again"
doing list "$claude" plugin list
grep -q 'massgen-tui' "$work/list" || fails "Claude Code does not list the plugin" "$work/list"
doing doctor "$program" plugin --claude "$claude" doctor
cat "$work/doctor"
doing servers "$claude" mcp list
grep -q 'Connected' "$work/servers" || fails "Claude Code does not reach the server" "$work/servers"
echo "ok: installed twice, listed, healthy, connected"

demo_server --scenario tools
cd "$work/project"
ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY="$token" ENABLE_TOOL_SEARCH=false \
    timeout "${LIMIT:-90}" "$claude" -p "How should a program store money?" --model script-lathe \
    --allowedTools "mcp__plugin_massgen-tui_team__run_ask" \
    --output-format stream-json --verbose >"$work/talk" 2>"$work/wrong" || fails "claude -p" "$work/wrong"
grep -q '"name":"mcp__plugin_massgen-tui_team__run_ask"' "$work/talk" || fails "it did not call the tool" "$work/talk"
grep -q 'massgen-tui open' "$work/talk" || fails "the tool gave no answer" "$work/talk"
grep -q '"subtype":"success"' "$work/talk" || fails "it did not end well" "$work/talk"
run=$("$program" logs list 2>/dev/null | grep -o '[0-9]\{8\}-[0-9]\{6\}-[a-z0-9]*' | head -n 1)
[ -n "$run" ] || fails "there is no session of it"
echo "ok: Claude Code called run_ask and got the answer of session $run"

doing uninstall "$program" plugin --claude "$claude" uninstall
[ ! -e "$work/state/claude-plugin" ] || fails "files are left" "$work/uninstall"
doing gone "$claude" plugin list
! grep -q 'massgen-tui' "$work/gone" || fails "Claude Code still lists it" "$work/gone"
echo "ok: uninstalled without a trace"
