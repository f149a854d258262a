#!/bin/sh
# Reads exported pages with html5lib from PyPI, a parser as browsers have it: no parse errors, and nothing
# of a hostile session becomes a tag, an attribute, an address or a script.
set -eu
. "$(dirname "$0")/common.sh"

from_pypi "html5lib==${HTML5LIB_VERSION:-1.1}"
export HOME="$work" MASSGEN_TUI_STATE_DIR="$work/state"
cd "$work"
"$program" run --demo --demo-speed max "</script><script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))" >/dev/null 2>&1
"$program" export -o hostile.html >/dev/null 2>&1
# The same words in every text of the log.
"$work/venv/bin/python" - state/sessions/*/events.jsonl <<'PY'
import json, sys
evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))\u202e\u001b[31m'\" onclick='x"
def poison(value, key=""):
    if isinstance(value, dict): return {k: poison(v, k) for k, v in value.items()}
    if isinstance(value, list): return [poison(v, key) for v in value]
    return value + evil if isinstance(value, str) and key in ("text", "prompt", "reason", "output", "arguments", "message", "name", "model", "diff") else value
lines = open(sys.argv[1]).read().splitlines()
open(sys.argv[1], "w").write("\n".join([lines[0]] + [json.dumps(poison(json.loads(l))) for l in lines[1:]]) + "\n")
PY
"$program" export -o poisoned.html >/dev/null 2>&1
cat >look.py <<'PY'
import html5lib, json, re, sys
OURS = {"class", "id", "href", "type", "value", "min", "aria-label", "lang", "charset", "name", "content", "http-equiv", "start", "hidden", "selected"}
for path in sys.argv[1:]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(open(path, encoding="utf-8").read())
    assert not parser.errors, (path, parser.errors[:3])
    scripts = tree.findall(".//script")
    assert [s.get("type") for s in scripts] == ["application/json", None], path
    json.loads(scripts[0].text)
    assert "alert(1)" not in scripts[1].text
    for one in tree.iter():
        if not isinstance(one.tag, str): continue
        assert one.tag not in ("img", "iframe", "object", "embed", "link", "base", "form", "svg", "audio", "video"), one.tag
        for name, value in one.attrib.items():
            assert name in OURS, (path, one.tag, name)
            assert name != "href" or re.fullmatch(r"#[a-z0-9-]+", value), (path, value)
            assert "alert" not in value, (path, value)
    words = "".join(tree.find("body").itertext())
    assert "\u202e" not in words and "\x1b" not in words
    print(path, "is a page")
PY
"$work/venv/bin/python" look.py hostile.html poisoned.html || fails "see above"
echo "ok: pages of hostile sessions, html5lib ${HTML5LIB_VERSION:-1.1}"
