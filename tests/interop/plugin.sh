#!/bin/sh
# The real Claude Code: validates plugin and marketplace, installs the plugin by `massgen-tui plugin install`
# in a fresh home, lists what it brings, calls a team through it and runs its commands. Its model is
# `demo/guest`, a script of our demo server that calls the tool it is told of. No key.
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
export MASSGEN_TUI_STATE_DIR="$work/state" MASSGEN_TUI_LOG=debug
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_AUTOUPDATER=1
echo "agent: $("$claude" --version)"

# doing NAME COMMAND…: runs it, bounded; what it says is in $work/NAME.
doing() {
    name=$1
    shift
    timeout "${LIMIT:-90}" "$@" >"$work/$name" 2>&1 || fails "$*" "$work/$name"
}

# has NAME PATTERN WHAT: what NAME said has such a line.
has() {
    grep -q -- "$2" "$work/$1" || fails "$3" "$work/$1"
}

doing market "$claude" plugin validate --strict "$root/assets/claude-plugin"
doing manifest "$claude" plugin validate --strict --profile directory "$root/assets/claude-plugin/massgen-tui"
echo "ok: Claude Code's validator accepts the marketplace (strict) and the plugin (strict, profile directory)"

doing install "$program" plugin --claude "$claude" install
doing again "$program" plugin --claude "$claude" install
has again 'already' "installing twice wrote files"
doing list "$claude" plugin list
has list 'massgen-tui' "Claude Code does not list the plugin"
doing doctor "$program" plugin --claude "$claude" doctor
doing servers "$claude" mcp list
has servers 'Connected' "Claude Code does not reach the server"
echo "ok: installed twice, listed, healthy, connected"

demo_server
cd "$work/project"
tools=mcp__plugin_massgen-tui_team__
# says NAME FORMAT PROMPT: one prompt without a screen.
says() {
    ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY="$token" ENABLE_TOOL_SEARCH=false \
        timeout "${LIMIT:-90}" "$claude" -p "$3" --model demo/guest --output-format "$2" --verbose \
        --allowedTools "${tools}run_ask,${tools}run_start,${tools}run_result,${tools}run_status,${tools}run_list,${tools}config_list,${tools}run_changes" \
        >"$work/$1" 2>"$work/$1.wrong" || { cat "$work/demo.log" >&2; cat "$work/$1.wrong" >&2; fails "claude -p $3" "$work/$1"; }
}

says talk stream-json "Ask a team with run_ask: how should a program store money?"
for command in run status config context review; do
    has talk "\"massgen-tui:$command\"" "Claude Code does not offer /massgen-tui:$command"
done
has talk '"massgen-tui:team"' "Claude Code does not know the skill"
has talk '"plugin:massgen-tui:team","status":"connected"' "Claude Code is not connected to the server"
has talk "\"name\":\"${tools}run_ask\"" "it did not call the tool"
has talk 'massgen-tui open' "the tool gave no answer"
has talk '"subtype":"success"' "it did not end well"
grep -h 'a client called run_ask: answered, [1-9][0-9]* pieces of progress' "$work/state/log/massgen-tui.log" >"$work/progress" ||
    fails "no progress was sent" "$work/state/log/massgen-tui.log"
run=$("$program" logs list 2>/dev/null | grep -o '[0-9]\{8\}-[0-9]\{6\}-[a-z0-9]*' | head -n 1)
[ -n "$run" ] || fails "there is no session of it"
has talk "massgen-tui open $run" "the answer names another session"
echo "ok: Claude Code offers 5 commands and the skill, called run_ask and got the answer of session $run, with $(grep -o '[0-9]* pieces of progress' "$work/progress" | head -n 1)"

says text text "Ask a team with run_ask: how should a program store money?"
# Claude Code gives its model the data of a tool where there is any, and not its words.
has text '"winner_name":"[a-z]' "what Claude Code prints does not say who won"
has text 'massgen-tui open' "what Claude Code prints does not say where to look"
echo "ok: the team's answer is in what Claude Code prints"

says status stream-json "/massgen-tui:status latest"
has status "\"name\":\"${tools}run_status\"" "/massgen-tui:status did not ask for the status"
has status 'answered' "/massgen-tui:status brought nothing"
says run stream-json "/massgen-tui:run demo How should a program store money?"
has run "\"name\":\"${tools}run_start\"" "/massgen-tui:run started nothing"
has run "\"name\":\"${tools}run_result\"" "/massgen-tui:run did not wait"
has run '"state\\*":\\*"answered' "/massgen-tui:run brought no answer"
echo "ok: /massgen-tui:status and /massgen-tui:run work without a screen"

doing uninstall "$program" plugin --claude "$claude" uninstall
[ ! -e "$work/state/claude-plugin" ] || fails "files are left" "$work/uninstall"
doing gone "$claude" plugin list
! grep -q 'massgen-tui' "$work/gone" || fails "Claude Code still lists it" "$work/gone"
echo "ok: uninstalled without a trace"
