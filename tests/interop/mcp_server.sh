#!/bin/sh
# Calls every tool of `massgen-tui mcp` with the official inspector in its command-line mode, and with the
# official TypeScript SDK's client for progress, cancelling and going away. The team is our demo: no key.
set -eu
. "$(dirname "$0")/common.sh"

from_npm "@modelcontextprotocol/inspector@${INSPECTOR_VERSION:-2.12.0}" "@modelcontextprotocol/sdk@${MCP_SDK_VERSION:-1.32.2}"
inspector=$work/npm/node_modules/.bin/mcp-inspector
state=$work/state
mkdir "$work/project"
cd "$work/project"

# inspect METHOD ARGUMENTS…: one call; leaves $work/said.
inspect() {
    method=$1
    shift
    timeout "${LIMIT:-90}" "$inspector" --cli "$program" mcp --state-dir "$state" --demo --demo-speed max \
        --method "$method" "$@" >"$work/said" 2>"$work/wrong" || { cat "$work/said"; fails "inspector $method $*" "$work/wrong"; }
}

# refused TOOL ARGUMENTS…: the inspector ends with an error of its own when a tool says isError.
refused() {
    tool=$1
    shift
    ! timeout "${LIMIT:-90}" "$inspector" --cli "$program" mcp --state-dir "$state" --demo --demo-speed max \
        --method tools/call --tool-name "$tool" "$@" >"$work/said" 2>"$work/wrong" || fails "$tool $* was not refused" "$work/said"
    has '"isError": true'
}

# has WORDS: the last call said so.
has() {
    grep -q -- "$1" "$work/said" || fails "the answer does not say $1" "$work/said"
}

inspect tools/list
for tool in run_start run_ask run_status run_result run_list run_steer run_answer run_stop run_analyze run_changes config_list; do
    has "\"$tool\""
done
has outputSchema
has readOnlyHint
echo "ok: inspector lists 11 tools"

inspect tools/call --tool-name run_ask --tool-arg "prompt=How does the team decide?"
has '"state": "answered"'
run=$(sed -n 's/.*"run": "\([^"]*\)".*/\1/p' "$work/said" | head -n 1)
[ -n "$run" ] || fails "there is no session" "$work/said"
for call in "run_status id=$run" "run_result id=$run" "run_list limit=5" "run_stop id=$run" \
    "run_analyze id=latest" "run_changes id=$run" "run_start prompt=Again"; do
    # shellcheck disable=SC2086
    set -- $call
    inspect tools/call --tool-name "$1" --tool-arg "$2"
    has structuredContent
    grep -q '"isError": true' "$work/said" && fails "$call" "$work/said"
done
inspect tools/call --tool-name config_list
has '"demos"'
has '"templates"'
inspect tools/call --tool-name run_analyze --tool-arg "id=$run" --tool-arg model=demo/analyst
has 'Kept as analysis 1'
# One that is refused, in words.
refused run_ask --tool-arg prompt=x --tool-arg cwd=/etc
has 'outside of what may be named'
refused run_steer --tool-arg "id=$run" --tool-arg text=Hello
has 'does not run here'
refused run_answer --tool-arg "id=$run" --tool-arg question=1 --tool-arg skip=true
has 'no question 1 that waits'
refused run_analyze --tool-arg "id=$run" --tool-arg model=demo/analist
has 'demo/analyst'
refused run_start --tool-arg prompt=x --tool-arg template=chaep
has 'Did you mean cheap'
echo "ok: inspector calls every tool"

inspect resources/list
has "massgen-tui://session/$run/answer"
inspect resources/templates/list
has 'massgen-tui://session/{id}/report'
inspect resources/read --uri "massgen-tui://session/$run/answer"
has 'won with'
inspect resources/read --uri massgen-tui://session/latest/report
has 'text/markdown'
inspect prompts/list
has '"find-bug"'
inspect prompts/get --prompt-name explain --prompt-args "subject=Bloom filters"
has 'Bloom filters'
echo "ok: inspector reads resources and prompts"

cp "$here/mcp_client.mjs" "$work/npm/client.mjs"
timeout "${LIMIT:-90}" node "$work/npm/client.mjs" "$program" "$state" >"$work/said" 2>"$work/wrong" ||
    { cat "$work/said"; fails "the client of the SDK" "$work/wrong"; }
cat "$work/said"
grep -q 'was stopped because its client went away; its log is kept: massgen-tui open' "$work/wrong" ||
    fails "nothing was said about the session whose client went away" "$work/wrong"
stopped=$(sed -n 's/.*Session \([^ ]*\) was stopped.*/\1/p' "$work/wrong" | head -n 1)
"$program" --state-dir "$state" logs show "$stopped" >"$work/log" 2>&1 || fails "its log cannot be read" "$work/log"
echo "ok: the log of a session whose client went away is kept ($stopped)"
