#!/bin/sh
# Runs the built program against aimock, an LLM mock server from npm that nobody here wrote.
# Needs node, npm and a registry. Options of the server may follow, for example
#   tests/interop/aimock.sh --chaos-ratelimit 0.3
set -eu
. "$(dirname "$0")/common.sh"

from_npm "@copilotkit/aimock@${AIMOCK_VERSION:-1.43.0}"
mkdir "$work/fixtures"
cp "$here/fixtures.json" "$work/fixtures/"
node "$work/npm/node_modules/.bin/llmock" --port 0 --fixtures "$work/fixtures" --strict "$@" >"$work/server.log" 2>&1 &
started="$started $!"
wait_for "$work/server.log" 'listening on http' "$!" 100
url=$(sed -n 's|.*listening on \(http://[0-9.:]*\).*|\1|p' "$work/server.log" | head -n 1)
name=$(node -p "const p = require('$work/npm/node_modules/@copilotkit/aimock/package.json'); p.name + ' ' + p.version")
echo "server: $name at $url"

# One run per API that the server speaks; a configuration says which.
for wire in chat responses messages gemini; do
    case $wire in
        chat) kind=chatcompletion base=$url/v1 ;;
        responses) kind=openai base=$url/v1 ;;
        messages) kind=claude base=$url/v1 ;;
        gemini) kind=gemini base=$url/v1beta ;;
    esac
    {
        echo "agents:"
        for model in mock-ant mock-bee mock-cow; do
            echo "  - {id: $model, backend: {type: $kind, wire: $wire, model: $model, base_url: $base, api_key: '\${DUMMY_KEY}'}}"
        done
    } >"$work/team.yaml"
    echo "== $wire"
    export DUMMY_KEY=not-needed
    team_run "What is the sum of the numbers from 1 to 100?"
    [ "$code" -eq 0 ] || fails "exit code $code" "$work/server.log"
    case $answer in
        *"three agents agreed"*) echo "ok: $wire, $name" ;;
        *) fails "not the answer that was expected" ;;
    esac
done
