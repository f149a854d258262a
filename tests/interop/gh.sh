#!/bin/sh
# A session becomes a secret gist through the person's own `gh`, against a loopback server that says it is GitHub.
# Takes `gh` from the path, else from Debian's package (apt-get download, unpacked aside). Needs python3.
set -eu
. "$(dirname "$0")/common.sh"

need python3
gh=$(command -v gh || true)
if [ -z "$gh" ]; then
    need apt-get dpkg
    (cd "$work" && timeout "${INSTALL_LIMIT:-120}" apt-get download -q gh && dpkg -x gh_*.deb "$work/gh") \
        >"$work/apt.log" 2>&1 || { echo "SKIPPED: gh is not installed and cannot be fetched with apt-get." >&2; exit 75; }
    gh=$work/gh/usr/bin/gh
fi
mkdir -p "$work/home/.config/gh"
printf 'github.localhost:\n    oauth_token: test-token\n    user: me\n    git_protocol: https\n' \
    >"$work/home/.config/gh/hosts.yml"

cat >"$work/github.py" <<'P'
import http.server, json, sys
class GitHub(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = {"path": self.path, "auth": self.headers.get("authorization"), "body": json.loads(body)}
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            json.dump(asked, file)
        told = json.dumps({"html_url": "https://gist.example/abc", "id": "abc"}).encode()
        self.send_response(201)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
    def log_message(self, *words):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), GitHub)
print("port", server.server_port, flush=True)
server.serve_forever()
P
python3 "$work/github.py" "$work/asked.json" >"$work/port" 2>"$work/github.log" &
started="$started $!"
wait_for "$work/port" '^port ' "$!" 100
port=$(sed -n 's/^port //p' "$work/port")

export MASSGEN_TUI_STATE_DIR="$work/state" HOME="$work/home" GH_HOST=github.localhost
unset GH_TOKEN GITHUB_TOKEN GH_ENTERPRISE_TOKEN GITHUB_ENTERPRISE_TOKEN XDG_CONFIG_HOME GH_CONFIG_DIR
"$program" run --demo quick --demo-speed max -q "Why is the sky blue?" >/dev/null 2>&1
# gh asks this host without TLS; through the proxy it need not be a name of this machine.
PATH="$(dirname "$gh"):$PATH" http_proxy="http://127.0.0.1:$port" timeout 60 \
    "$program" share --to gist --yes >"$work/said" 2>"$work/share.log" || fails "share failed" "$work/share.log"
grep -qx 'https://gist.example/abc' "$work/said" || fails "the address is not told" "$work/said"
python3 - "$work/asked.json" <<'P' || fails "GitHub was asked for something else" "$work/asked.json"
import json, sys
asked = json.load(open(sys.argv[1], encoding="utf-8"))
body = asked["body"]
assert asked["auth"] == "token test-token", asked["auth"]
assert body["public"] is False and body["description"].startswith("massgen-tui: Why is the sky"), body
(name, file), = body["files"].items()
assert name.endswith(".md") and "Why is the sky blue?" in file["content"], name
P
echo "ok: $("$gh" --version | head -n 1) makes a secret gist of a session"
