#!/bin/sh
# Gives sessions to WsgiDAV from PyPI, a WebDAV server that nobody here wrote, and reads them back.
set -eu
. "$(dirname "$0")/common.sh"

from_pypi "wsgidav==${WSGIDAV_VERSION:-4.4.0}" cheroot
mkdir "$work/dav" "$work/dav/team"
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/dav.yaml" <<YAML
host: 127.0.0.1
port: $port
provider_mapping: {"/": "$work/dav"}
http_authenticator: {accept_basic: true, accept_digest: false, default_to_digest: false}
simple_dc: {user_mapping: {"*": {mia: {password: "no-real-password"}}}}
logging: {enable: true}
YAML
"$work/venv/bin/wsgidav" --config "$work/dav.yaml" >"$work/dav.log" 2>&1 &
started="$started $!"
wait_for "$work/dav.log" "Serving on" "$!" 300
name="wsgidav $("$work/venv/bin/pip" show wsgidav 2>/dev/null | sed -n 's/^Version: //p')"

export HOME="$work" MASSGEN_TUI_STATE_DIR="$work/state"
cd "$work"
"$program" run --demo --demo-speed max "a task" >/dev/null 2>&1
url=http://127.0.0.1:$port/team/
WEBDAV_USER=mia WEBDAV_PASSWORD=wrong "$program" share --to "$url" --yes >/dev/null 2>"$work/told" && fails "a wrong password was taken"
grep -q "Check the token or password" "$work/told" || fails "it does not say why" "$work/told"
export WEBDAV_USER=mia WEBDAV_PASSWORD=no-real-password
for format in html bundle json md; do
    "$program" share --to "$url" --format $format --yes >"$work/url" || fails "$format was not taken" "$work/dav.log"
    "$program" export --format $format -o "$work/same.$format" 2>/dev/null >/dev/null
    cmp "$work/same.$format" "$work/dav/team/$(basename "$(cat "$work/url")")" || fails "$format is not what was sent"
done
"$program" share --to "$url" --format html --yes >/dev/null 2>&1 && fails "a file was replaced unasked"
"$program" share --to "$url" --format html --yes --force >/dev/null || fails "--force does not replace"
"$program" share --to "http://127.0.0.1:$port/nowhere/" --yes >/dev/null 2>"$work/told" && fails "a folder that is not there took it"
grep -q "make the folder" "$work/told" || fails "it does not say what to do" "$work/told"
echo "ok: html, bundle, json, md by PUT, $name"
