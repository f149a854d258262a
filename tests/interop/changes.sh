#!/bin/sh
# Runs a team that changes files: Gemini CLI, Claude Code and Codex, each with its own tools in a worktree of
# its own. Their models are scripts of our demo server (the scene `repair`); the programs are real. The change
# that wins, Codex's, is applied, and the person's check passes then.
# Needs node, npm, git and a registry, nothing else: no key, no login. CLAUDE, CODEX and GEMINI name ones that
# are there.
set -eu
. "$(dirname "$0")/common.sh"

need git
bin=$work/npm/node_modules/.bin
[ -n "${CLAUDE:-}" ] || from_npm "@anthropic-ai/claude-code@${CLAUDE_CODE_VERSION:-2.1.197}"
[ -n "${CODEX:-}" ] || from_npm "@openai/codex@${CODEX_VERSION:-0.169.0}"
[ -n "${GEMINI:-}" ] || from_npm "@google/gemini-cli@${GEMINI_CLI_VERSION:-0.61.0}"
mkdir "$work/home" "$work/home/.codex" "$work/home/.claude" "$work/tides"
demo_server

# The files of the scene, in a repository of the person.
for file in README.md tide.sh check.sh; do
    awk -v file="  $file: |" '$0 == file {on = 1; next} on && !/^    / && !/^$/ {exit} on {sub(/^    /, ""); print}' \
        "$root/assets/demo/repair.yaml" >"$work/tides/$file"
done
chmod +x "$work/tides/tide.sh" "$work/tides/check.sh"
person() { git -C "$work/tides" -c user.name=person -c user.email=person@example.org "$@"; }
person init -q
person add .
person commit -q -m "Begin"
"$work/tides/check.sh" >/dev/null && fails "the check of the scene does not fail" "$root/assets/demo/repair.yaml"

cat >"$work/home/.codex/config.toml" <<EOF
model_provider = "demo"
[model_providers.demo]
name = "demo"
base_url = "$url/v1"
wire_api = "responses"
env_key = "DEMO_KEY"
EOF
cat >"$work/team.yaml" <<EOF
agents:
  - id: finch
    backend: {type: gemini_cli, model: script-finch-repair, command: ["${GEMINI:-$bin/gemini}"]}
  - id: heron
    backend: {type: claude_code, model: script-heron-repair, command: ["${CLAUDE:-$bin/claude}"]}
  - id: wren
    backend: {type: codex, model: script-wren-repair, command: ["${CODEX:-$bin/codex}"], env: [DEMO_KEY]}
orchestrator:
  context_paths:
    - {path: tides, permission: write}
EOF
export HOME="$work/home" CLAUDE_CONFIG_DIR="$work/home/.claude" CODEX_HOME="$work/home/.codex" DEMO_KEY="$token"
export ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY="$token" GOOGLE_GEMINI_BASE_URL="$url" GEMINI_API_KEY="$token"
code=0
(cd "$work" && timeout "${LIMIT:-120}" "$program" run --state-dir "$work/state" --config "$work/team.yaml" \
    --approve auto --apply auto "check.sh fails. Find out why, mend it, and say what you changed." \
    >"$work/answer" 2>"$work/progress") || code=$?
cat "$work/progress"
sort "$work/demo.log" | uniq -c
[ "$code" -eq 0 ] || fails "exit code $code" "$work/demo.log"
told 'finch runs replace' "Gemini CLI did not edit"
told 'heron runs Edit' "Claude Code did not edit"
told 'wren runs file_change' "Codex did not patch"
for agent in finch heron wren; do told "$agent published" "$agent published nothing"; done

# What each of them has changed is kept under its answer.
run=$(basename "$work"/state/sessions/*)
changed() {
    person diff --name-only "refs/massgen-tui/$run/base/0" "refs/massgen-tui/$run/$1/0" | paste -sd ' ' -
}
[ "$(changed agent1.1)" = "check.sh" ] || fails "Gemini CLI changed: $(changed agent1.1)" "$work/progress"
[ "$(changed agent2.1)" = "tide.sh" ] || fails "Claude Code changed: $(changed agent2.1)" "$work/progress"
[ "$(changed agent3.1)" = "check.sh docs/midnight.md tide.sh" ] || fails "Codex changed: $(changed agent3.1)" "$work/progress"
grep -q '"tool":"Bash".*"permission":"allowed","by":"policy"' "$work/state/sessions/$run/permissions.jsonl" ||
    fails "the leave for Bash is not recorded" "$work/state/sessions/$run/permissions.jsonl"

# The one that won is in the person's folder, and nothing else is.
"$work/tides/check.sh" || fails "the applied change does not mend it" "$work/progress"
[ "$(person status --porcelain | wc -l)" -eq 3 ] || fails "$(person status --porcelain)"
[ "$(person rev-list --count HEAD)" -eq 1 ] || fails "somebody committed"
echo "ok: Gemini CLI, Claude Code and Codex change files in their worktrees; what won is applied"
