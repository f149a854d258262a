#!/bin/sh
# An editor's side of the Agent Client Protocol, by its official TypeScript SDK, against `massgen-tui acp`.
# The team is our demo: no key.
set -eu
. "$(dirname "$0")/common.sh"

from_npm "@agentclientprotocol/sdk@${ACP_SDK_VERSION:-2.4.0}"
mkdir "$work/project"
cp "$here/acp_client.mjs" "$work/npm/client.mjs"
timeout "${LIMIT:-90}" node "$work/npm/client.mjs" "$program" "$work/state" "$work/project" >"$work/said" 2>"$work/wrong" ||
    { cat "$work/said"; fails "the editor's client" "$work/wrong"; }
cat "$work/said"
