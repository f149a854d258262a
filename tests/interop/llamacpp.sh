#!/bin/sh
# Runs teams of two against llama.cpp's own HTTP server (PyPI's xllamacpp has it built) with a model file
# that is made on the spot (tiny_model.py). Real are: server, templates, grammars, tool calls, counts.
# Needs python3 with venv, and a registry.
set -eu
. "$(dirname "$0")/common.sh"

from_pypi "xllamacpp==${XLLAMACPP_VERSION:-2026.10.11549}" gguf==0.19.0
python=$work/venv/bin/python
"$python" "$here/tiny_model.py" "$work/tiny.gguf"
"$python" "$here/llama_server.py" "$work/tiny.gguf" >"$work/server.out" 2>"$work/server.log" &
started="$started $!"
wait_for "$work/server.out" 'listening on' "$!" 300
url=$(sed -n 's/^listening on //p' "$work/server.out")
echo "server: llama.cpp of xllamacpp $("$work/venv/bin/pip" show xllamacpp 2>/dev/null | sed -n 's/^Version: //p') at $url"

# Found without being configured: recognised as llama.cpp by its answers, with the model's name.
OPENAI_BASE_URL="$url/v1" "$program" models --provider llamacpp --json >"$work/models.json"
grep -q '"tiny"' "$work/models.json" || fails "the server's model is not in the list" "$work/models.json"
echo "ok: its models are listed"

for wire in chat responses messages; do
    {
        echo "agents:"
        for name in ant bee; do
            echo "  - {id: $name, backend: {type: llama_cpp, wire: $wire, model: tiny, base_url: $url/v1}}"
        done
    } >"$work/team.yaml"
    echo "== $wire"
    team_run "Say something."
    [ "$code" -eq 0 ] || fails "exit code $code" "$work/server.log"
    told ' published agent[12].1 ' "nothing was published"
    told 'voted for' "nobody voted"
    case $answer in
        *"A small model wrote this sentence"*) echo "ok: $wire, llama.cpp" ;;
        *) fails "not the sentence of the model" "$work/server.log" ;;
    esac
done

# More than the window: a clear word, and no endless repeating.
code=0
"$program" run --state-dir "$work/state" --config "$work/team.yaml" \
    "$(head -c 60000 /dev/zero | tr '\0' x)" >"$work/answer" 2>"$work/progress" || code=$?
grep -v forecast "$work/progress" | cut -c 1-200
[ "$code" -eq 3 ] || fails "exit code $code for a prompt beyond the window"
told 'prompt too long' "nothing was said of the length"
echo "ok: a prompt beyond the window"
