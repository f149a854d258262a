#!/bin/sh
# Checks the JSON Schema of configurations with a validator of others (python-jsonschema, from PyPI): the
# schema itself against its draft, every configuration of ours and, where MASSGEN_TUI_SHARED is set, every
# one that MassGen ships must be valid; files with plain slips must not be.
set -eu
. "$(dirname "$0")/common.sh"
from_pypi jsonschema==4.25.1 pyyaml==6.0.3

"$program" config schema >"$work/schema.json" || fails "the program prints no schema"
cmp -s "$work/schema.json" "$root/assets/massgen-tui.schema.json" || fails "assets/massgen-tui.schema.json is not what the program prints"

cat >"$work/check.py" <<'PY'
import json, pathlib, sys
import yaml
from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1]))
root = pathlib.Path(sys.argv[2])
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)

def first(text):
    return next(iter(sorted(str(error.json_path) + ": " + error.message[:120] for error in validator.iter_errors(yaml.safe_load(text)))), None)

files = sorted((root / "configs").glob("*.yaml"))
if len(sys.argv) > 3:
    corpus = pathlib.Path(sys.argv[3]) / "data" / "massgen_configs"
    files += sorted(path for path in corpus.rglob("*.yaml") if path.name != "rate_limits.yaml")
wrong = [f"{path}: {why}" for path in files if (why := first(path.read_text()))]
slips = [
    "agents: 3",
    "agents: [{id: 5, backend: {type: openai}}]",
    "agents: [{id: a}]",
    "{}",
    "num_agents: 3\nagents: []",
    "agents: []\norchestrator: {max_new_answers_per_agent: 0}",
    "agents: []\norchestrator: {policy: loudest}",
    "agents: []\norchestrator: {context_paths: [{path: ., permission: rw}]}",
    "agents: []\ntimeout_settings: {orchestrator_timeout_seconds: 30m}",
]
silent = [text for text in slips if first(text) is None]
print(f"{len(files)} files, {len(wrong)} of them not valid; {len(slips)} slips, {len(silent)} of them not seen")
for line in wrong[:20] + silent:
    print("  " + line)
sys.exit(1 if wrong or silent else 0)
PY
"$work/venv/bin/python" "$work/check.py" "$work/schema.json" "$root" ${MASSGEN_TUI_SHARED:+"$MASSGEN_TUI_SHARED"} >"$work/out" || fails "the schema and the files do not agree" "$work/out"
echo "ok: $(head -n 1 "$work/out")"
