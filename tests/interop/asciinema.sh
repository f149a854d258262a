#!/bin/sh
# Reads a recording of the built program with asciinema, whose format it is. Needs python3 and PyPI.
set -eu
. "$(dirname "$0")/common.sh"

from_pypi "asciinema==${ASCIINEMA_VERSION:-2.4.0}"
export MASSGEN_TUI_STATE_DIR="$work/state" LC_ALL=C.UTF-8
"$program" run --demo turnaround --demo-speed max -q "空はなぜ青い? 👍" >/dev/null 2>&1
"$program" export --format cast -o "$work/session.cast" >/dev/null

# It is read to its end, and what is printed is every character that was drawn.
timeout 60 "$work/venv/bin/asciinema" cat "$work/session.cast" >"$work/played.txt" 2>"$work/asciinema.log" \
    || fails "asciinema does not read the recording" "$work/asciinema.log"
"$work/venv/bin/python" - "$work/session.cast" "$work/played.txt" <<'P' || fails "something else was played"
import json, sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
head, events = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
assert head["version"] == 2, head
drawn = "".join(text for _, code, text in events if code == "o")
played = open(sys.argv[2], encoding="utf-8").read()
assert played.strip() == drawn.strip(), (len(played), len(drawn))
assert "answered" in drawn and "空" in drawn and any(code == "m" for _, code, _ in events)
P
# Its own reader, with pauses cut as a player cuts them.
timeout 60 "$work/venv/bin/python" - "$work/session.cast" <<'P' || fails "asciinema's reader fails"
import sys
from asciinema.asciicast import open_from_url
with open_from_url(sys.argv[1]) as cast:
    times = [event[0] for event in cast.events()]
    assert len(times) > 5 and times == sorted(times), times[:9]
P
echo "ok: asciinema $("$work/venv/bin/asciinema" --version | sed 's/.* //') reads and plays a recording"
