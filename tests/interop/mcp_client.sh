#!/bin/sh
# Official tool servers from npm, used by a team through the real program: server-everything over stdio and
# over HTTP, server-filesystem, server-memory. The model is a script; the servers are real.
# Needs node, npm, python3 and a registry, nothing else: no key. MCP_SERVERS=node_modules takes those there.
set -eu
. "$(dirname "$0")/common.sh"
need python3 node

modules=${MCP_SERVERS:-}
if [ -z "$modules" ]; then
    from_npm "@modelcontextprotocol/server-everything@${EVERYTHING:-2026.8.31}" \
        "@modelcontextprotocol/server-filesystem@${FILESYSTEM:-2026.8.31}" \
        "@modelcontextprotocol/server-memory@${MEMORY:-2026.8.31}"
    modules=$work/npm/node_modules
fi
bin=$modules/.bin
mkdir "$work/files" "$work/state"
echo "the word is heliotrope" >"$work/files/note.txt"

# The server over HTTP, on a free port.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PORT=$port "$bin/mcp-server-everything" streamableHttp >"$work/http.log" 2>&1 &
started="$started $!"
wait_for "$work/http.log" "listening on port" $! 300

# run NAME CALLS FLAGS…: a run of one agent that makes these calls; sets code, out, asked.
run() {
    name=$1
    echo "$2" >"$work/$name.calls"
    shift 2
    : >"$work/$name.asked"
    python3 "$here/scripted_model.py" "$work/$name.calls" "$work/$name.asked" >"$work/$name.port" &
    model=$!
    started="$started $model"
    wait_for "$work/$name.port" '[0-9]' "$model" 100
    cat >"$work/$name.yaml" <<EOF
agents:
  - id: finch
    backend:
      type: chatcompletion
      model: script
      base_url: http://127.0.0.1:$(cat "$work/$name.port")/v1
      api_key: none
      mcp_servers:
        everything: {command: "$bin/mcp-server-everything", args: [stdio]}
        web: {type: streamable-http, url: "http://127.0.0.1:$port/mcp"}
        files: {command: "$bin/mcp-server-filesystem", args: ["$work/files"], exclude_tools: [write_file]}
        memory: {command: "$bin/mcp-server-memory", env: {MEMORY_FILE_PATH: "$work/memory.json"}}
        absent: {command: "$work/no-such-server"}
$(cat "$work/$name.more" 2>/dev/null || true)
EOF
    out=$work/$name.out
    asked=$work/$name.asked
    code=0
    timeout "${LIMIT:-120}" "$program" --state-dir "$work/state" run --config "$work/$name.yaml" "$@" "Use the tools." \
        >"$out" 2>"$work/$name.err" || code=$?
    kill "$model" 2>/dev/null || true
}

# said PATTERN WHY: something that a tool said, as the model got it.
said() { grep -q "$1" "$asked" || fails "$2" "$asked"; }

run all '[["mcp__everything__echo", {"message": "over stdio"}],
 ["mcp__everything__trigger-long-running-operation", {"duration": 2, "steps": 4}],
 ["mcp__everything__get-tiny-image", {}],
 ["mcp__web__echo", {"message": "over http"}], ["mcp__web__get-sum", {"a": 19, "b": 23}],
 ["mcp__files__read_text_file", {"path": "'"$work"'/files/note.txt"}],
 ["mcp__memory__create_entities", {"entities": [{"name": "team", "entityType": "group", "observations": ["it works"]}]}],
 ["mcp__memory__read_graph", {}]]' --approve auto
[ "$code" -eq 0 ] || fails "exit code $code" "$work/all.err"
said 'Echo: over stdio' "stdio: no echo"
said 'Long running operation completed' "the long call did not end"
said 'image/png' "an image is not told in words"
said 'Echo: over http' "HTTP: no echo"
said '42' "HTTP: no sum"
said 'heliotrope' "the file was not read"
said 'it works' "nothing was remembered"
if grep -q '"mcp__files__write_file"' "$asked"; then fails "a tool that was left out was offered" "$asked"; fi
grep -q 'The tools of "absent" are not there' "$work/all.err" "$out" || fails "a missing server was not told" "$work/all.err"
log=$(find "$work/state" -name events.jsonl | head -n 1)
grep -q '"progress"' "$log" || fails "no progress in the log" "$log"
grep -q '"mcp__memory__create_entities"' "$(dirname "$log")/permissions.jsonl" || fails "no line in the record"
echo "ok: four servers, stdio and HTTP, progress, images in words, a record of every decision"

# Nobody to ask: what only reads is done, what may change something is not.
rm -rf "$work/state" "$work/memory.json"
run never '[["mcp__files__list_directory", {"path": "'"$work"'/files"}],
 ["mcp__memory__create_entities", {"entities": [{"name": "x", "entityType": "y", "observations": []}]}]]' --approve never
[ "$code" -eq 0 ] || fails "exit code $code" "$work/never.err"
said 'note.txt' "a tool that only reads was refused"
said 'Not allowed in this run' "a tool that changes was not refused"
[ ! -e "$work/memory.json" ] || fails "it was done all the same"
echo "ok: without leave only what reads"

# A team that plans: blocked for the agent, open for whoever presents.
rm -rf "$work/state"
cat >"$work/plan.more" <<EOF
orchestrator:
  coordination: {enable_planning_mode: true}
  final_answer_strategy: winner_present
EOF
run plan '[["mcp__memory__create_entities", {"entities": [{"name": "x", "entityType": "y", "observations": ["planned"]}]}]]' --approve auto
[ "$code" -eq 0 ] || fails "exit code $code" "$work/plan.err"
said 'the team is planning' "planning did not block"
echo "ok: planning blocks until somebody presents"

# Nothing is left behind, also after a kill.
alive() { pgrep -f "server-memory|mcp-server-filesystem $work|mcp-server-everything stdio" || true; }
left=$(alive)
[ -z "$left" ] || fails "servers are left: $left"
echo "ok: no server is left"
