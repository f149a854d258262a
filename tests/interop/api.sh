#!/bin/sh
# Runs `massgen-tui serve` with the demo team against programs that nobody here wrote: schemathesis, which
# makes requests from our OpenAPI document and checks the answers against it, OpenAI's own Python client,
# and OpenTelemetry's own message types, into which what a collector would get is read. Needs python3 with
# venv, and PyPI. schemathesis.toml beside it says what of its checks does not fit, and why.
# The same requests every time: the boundary cases of every operation, and few random ones. EXAMPLES=100
# SEED=$RANDOM LIMIT=1800 looks further.
set -eu
. "$(dirname "$0")/common.sh"

INSTALL_LIMIT=${INSTALL_LIMIT:-240}
from_pypi "schemathesis==${SCHEMATHESIS_VERSION:-4.32.5}" "openai==${OPENAI_VERSION:-3.54.0}" \
    "opentelemetry-proto==${OTEL_PROTO_VERSION:-1.45.2}"
python="$work/venv/bin/python"

# A home of its own: no configuration of the person, nothing of theirs in the list.
export HOME="$work/home" MASSGEN_TUI_STATE_DIR="$work/state"
mkdir -p "$HOME"
"$python" "$here/collector.py" "$work/otlp" >"$work/collector.out" 2>&1 &
started="$started $!"
wait_for "$work/collector.out" '^port ' "$!" 100
collector=$(sed -n 's/^port //p' "$work/collector.out")

token="api-test-0123456789abcdef0123456789abcdef"
(umask 077 && printf '%s\n' "$token" >"$work/token")
OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$collector" \
    "$program" serve --port 0 --demo-speed max --token-file "$work/token" --max-runs 8 \
    >"$work/serve.out" 2>"$work/serve.log" &
server=$!
started="$started $server"
wait_for "$work/serve.out" '^url:' "$server" 100
url=$(sed -n 's/^url: *//p' "$work/serve.out")

"$python" "$here/openai_client.py" "$url" "$token" || fails "OpenAI's client" "$work/serve.log"
echo "ok: openai $("$work/venv/bin/pip" show openai 2>/dev/null | sed -n 's/^Version: //p')"

cd "$work"
cp "$here/schemathesis.toml" "$work/schemathesis.toml"
timeout "${LIMIT:-200}" "$work/venv/bin/schemathesis" run "$url/openapi.json" --url "$url" \
    --header "Authorization: Bearer $token" --phases coverage,fuzzing,stateful \
    --max-examples "${EXAMPLES:-5}" --seed "${SEED:-1}" --workers 1 --request-timeout 30 --no-color >"$work/schemathesis.log" 2>&1 ||
    fails "schemathesis" "$work/schemathesis.log"
grep -E 'Operations:|Test cases|generated' "$work/schemathesis.log" || true
echo "ok: schemathesis $("$work/venv/bin/pip" show schemathesis 2>/dev/null | sed -n 's/^Version: //p')"

kill -0 "$server" || fails "the server ended" "$work/serve.log"
kill "$server"
wait "$server" 2>/dev/null || true
"$python" "$here/collector.py" --check "$work/otlp" || fails "what the collector got" "$work/serve.log"
echo "ok: opentelemetry-proto $("$work/venv/bin/pip" show opentelemetry-proto 2>/dev/null | sed -n 's/^Version: //p')"
