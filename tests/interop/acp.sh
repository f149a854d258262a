#!/bin/sh
# Runs teams of one agent that speaks the Agent Client Protocol against our demo server: Gemini CLI, and
# Claude Code and Codex behind their adapters. The programs are real, their models are scripts.
# Needs node, npm and a registry, nothing else: no key, no login. Arguments choose: gemini claude codex.
set -eu
. "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || set -- gemini claude codex
need node npm
for agent in "$@"; do
    case $agent in
        gemini) from_npm "@google/gemini-cli@${GEMINI_CLI_VERSION:-0.61.0}" ;;
        claude) from_npm "@agentclientprotocol/claude-agent-acp@${CLAUDE_ACP_VERSION:-0.49.0}" ;;
        codex) from_npm "@agentclientprotocol/codex-acp@${CODEX_ACP_VERSION:-2.6.0}" ;;
        *) echo "which agent is $agent?" >&2; exit 2 ;;
    esac
done
bin=${NPM_BIN:-$work/npm/node_modules/.bin}
mkdir -p "$work/home/.codex" "$work/home/.gemini"
model=${DEMO_MODEL:-script-birch}
demo_server

echo '{"security":{"auth":{"selectedType":"gemini-api-key"}}}' >"$work/home/.gemini/settings.json"
cat >"$work/home/.codex/config.toml" <<EOF
model = "$model"
model_provider = "demo"
[model_providers.demo]
name = "demo"
base_url = "$url/v1"
wire_api = "responses"
env_key = "DEMO_KEY"
EOF
export HOME="$work/home" CODEX_HOME="$work/home/.codex" CLAUDE_CONFIG_DIR="$work/home/.claude"
export GEMINI_CLI_TRUST_WORKSPACE=true DEMO_KEY="$token" GOOGLE_GEMINI_BASE_URL="$url" GEMINI_API_KEY="$token"
export ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY="$token" ANTHROPIC_MODEL="$model"

for agent in "$@"; do
    case $agent in
        gemini) command="\"$bin/gemini\", --acp, -m, $model" env="GEMINI_API_KEY, GOOGLE_GEMINI_BASE_URL, GEMINI_CLI_TRUST_WORKSPACE" ;;
        claude) command="\"$bin/claude-agent-acp\"" env="ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, ANTHROPIC_MODEL, CLAUDE_CONFIG_DIR" ;;
        codex) command="\"$bin/codex-acp\"" env="CODEX_HOME, DEMO_KEY" ;;
    esac
    cat >"$work/team.yaml" <<EOF
agents:
  - id: $agent
    backend: {type: acp, command: [$command], env: [$env]}
EOF
    echo "== $agent"
    team_run "How does the team decide?"
    [ "$code" -eq 0 ] || fails "exit code $code" "$work/demo.log"
    told 'published agent1.1' "it published nothing"
    told 'voted for' "it did not vote"
    echo "ok: $agent, Agent Client Protocol"
done
