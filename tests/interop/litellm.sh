#!/bin/sh
# Runs the built program against the LiteLLM proxy from PyPI, a server that nobody here wrote. Its
# upstream is the program's own `demo-server`, so that requests, streams and tool calls pass through
# LiteLLM's reading and writing of the format in both directions. A fourth model answers by LiteLLM's own
# mock. Needs python3 with venv, and a registry; some 100 packages, so some minutes on a slow line.
set -eu
. "$(dirname "$0")/common.sh"

INSTALL_LIMIT=${INSTALL_LIMIT:-600} 
from_pypi "litellm[proxy]==${LITELLM_VERSION:-1.106.2}"
demo_server --scenario turnaround

port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=sk-third-party-0123456789
cat >"$work/proxy.yaml" <<YAML
model_list:
  - model_name: mocked
    litellm_params: {model: openai/mocked, api_key: none, mock_response: "Mocked by LiteLLM."}
  - model_name: gemini-*
    litellm_params: {model: "gemini/*", api_base: "$url/v1beta", api_key: "$token"}
  - model_name: claude-*
    litellm_params: {model: "anthropic/*", api_base: "$url", api_key: "$token"}
  - model_name: "*"
    litellm_params: {model: "openai/*", api_base: "$url/v1", api_key: "$token"}
general_settings: {master_key: "$key"}
litellm_settings: {telemetry: false, drop_params: true}
YAML
LITELLM_LOCAL_MODEL_COST_MAP=True "$work/venv/bin/litellm" --config "$work/proxy.yaml" \
    --host 127.0.0.1 --port "$port" >"$work/proxy.log" 2>&1 &
started="$started $!"
wait_for "$work/proxy.log" "startup complete" "$!" 1200
name="litellm $("$work/venv/bin/pip" show litellm 2>/dev/null | sed -n 's/^Version: //p')"
echo "server: $name at http://127.0.0.1:$port"

export PROXY_KEY=$key
for wire in ${WIRES:-chat responses messages chat-to-gemini}; do
    # The last one is chat completions on our side and Google's API on the other.
    before=
    api=$wire
    [ "$wire" != chat-to-gemini ] || { before=gemini-; api=chat; }
    {
        echo "agents:"
        for model in "${before}script-finch" "${before}script-heron" "${before}script-wren"; do
            echo "  - {id: $model, backend: {type: chatcompletion, wire: $api, model: $model, base_url: 'http://127.0.0.1:$port/v1', api_key: '\${PROXY_KEY}'}}"
        done
    } >"$work/team.yaml"
    echo "== $wire"
    team_run "List the ten largest files"
    [ "$code" -eq 0 ] || fails "exit code $code" "$work/proxy.log"
    case $answer in
        *"find . -xdev"*) echo "ok: $wire, $name" ;;
        *) fails "not the answer that was expected" "$work/proxy.log" ;;
    esac
done

# A model that only talks and never calls a tool: told, not hung.
cat >"$work/team.yaml" <<EOF
agents:
  - {id: mocked, backend: {type: chatcompletion, model: mocked, base_url: 'http://127.0.0.1:$port/v1', api_key: '\${PROXY_KEY}'}}
EOF
echo "== mock"
team_run "Say something"
case $answer in
    *"Mocked by LiteLLM."*) echo "ok: LiteLLM's mock" ;;
    *) fails "not the mock's answer" "$work/proxy.log" ;;
esac
