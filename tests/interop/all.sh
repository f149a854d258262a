#!/bin/sh
# Runs the scripts that install in well under two minutes, one after the other, and prints one line each:
# ok, skipped (and why) or FAILED with what was said. Ends with 1 when one failed; a registry that cannot be
# reached is told and no failure.
set -u
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
for script in aimock.sh llamacpp.sh claude_code.sh codex.sh changes.sh asciinema.sh gemini_cli.sh "acp.sh gemini" config_schema.sh page.sh webdav.sh s3.sh api.sh gh.sh mcp_client.sh mcp_server.sh acp_agent.sh plugin.sh shells.sh; do
    before=$(date +%s)
    code=0
    # shellcheck disable=SC2086
    INSTALL_LIMIT=${INSTALL_LIMIT:-60} LIMIT=${LIMIT:-90} timeout 240 sh "$here"/$script >"$log" 2>&1 || code=$?
    took=$(($(date +%s) - before))
    case $code in
        0) echo "ok       $script (${took} s): $(grep '^ok: ' "$log" | sed 's/^ok: //' | paste -sd ';' -)" ;;
        75) echo "SKIPPED  $script: $(grep '^SKIPPED' "$log" | tail -n 1 | sed 's/^SKIPPED: //')" ;;
        *)
            failed=1
            echo "FAILED   $script, exit code $code"
            tail -n 60 "$log"
            ;;
    esac
done
exit $failed
