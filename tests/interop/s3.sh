#!/bin/sh
# Gives sessions to moto's S3 server from PyPI, which checks nothing of a signature, and to boto's own
# reading of it: the signature is made again by botocore, the signer of Amazon's own tools, and compared.
set -eu
. "$(dirname "$0")/common.sh"

from_pypi "moto[s3,server]==${MOTO_VERSION:-5.2.5}" boto3
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$work/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/s3.log" 2>&1 &
started="$started $!"
wait_for "$work/s3.log" "Running on" "$!" 600
name="moto $("$work/venv/bin/pip" show moto 2>/dev/null | sed -n 's/^Version: //p')"
export HOME="$work" MASSGEN_TUI_STATE_DIR="$work/state" AWS_REGION=eu-central-1
export AWS_ACCESS_KEY_ID=AKIDFORTESTSONLY AWS_SECRET_ACCESS_KEY=no-real-secret-only-for-tests
AWS_ENDPOINT_URL=http://127.0.0.1:$port
cat >"$work/look.py" <<'PY'
import hashlib, http.server, os, subprocess, sys, threading
import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

program, endpoint = sys.argv[1], os.environ["AWS_ENDPOINT_URL"]
s3 = boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1")
s3.create_bucket(Bucket="box", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
run = lambda *words, **more: subprocess.run([program, *words], capture_output=True, text=True, env={**os.environ, **more})
for format in ("html", "bundle", "json", "md"):
    out = run("share", "--to", "s3://box/a b/ü/", "--format", format, "--yes")
    assert out.returncode == 0, out
    run("export", "--format", format, "-o", "same." + format, "--force")
    name = out.stdout.strip().rsplit("/", 1)[1]
    body = s3.get_object(Bucket="box", Key="a b/ü/" + name)["Body"].read()
    assert body == open("same." + format, "rb").read(), format
out = run("share", "--to", "s3://nowhere/", "--yes")
assert out.returncode == 1 and "make the folder or bucket first" in out.stderr, out

# The same request signed by botocore has the same signature.
class Server(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        seen["path"], seen["headers"] = self.path, dict(self.headers)
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200); self.send_header("content-length", "0"); self.end_headers()
    def log_message(self, *_): pass
seen = {}
server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = "http://127.0.0.1:%d" % server.server_port
for session in ("", "a-session-token"):
    out = run("share", "--to", "s3://box/a b/ü+(1)~*'/", "--yes", AWS_ENDPOINT_URL=base, AWS_SESSION_TOKEN=session)
    assert out.returncode == 0, out
    lower = {k.lower(): v for k, v in seen["headers"].items()}
    names = lower["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest(method="PUT", url=base + seen["path"], headers={n: lower[n] for n in names if n not in ("host", "x-amz-date", "x-amz-security-token")})
    request.context["timestamp"] = lower["x-amz-date"]
    class Signer(S3SigV4Auth):
        def add_auth(self, request):
            request.headers["X-Amz-Date"] = request.context["timestamp"]
            if self.credentials.token: request.headers["X-Amz-Security-Token"] = self.credentials.token
            told = self.string_to_sign(request, self.canonical_request(request))
            request.made = self.signature(told, request)
    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], session or None)
    Signer(credentials, "s3", "eu-central-1").add_auth(request)
    assert lower["authorization"].endswith("Signature=" + request.made), (lower["authorization"], request.made)
print("signatures agree")
PY
export AWS_ENDPOINT_URL
cd "$work"
"$program" run --demo --demo-speed max "a task" >/dev/null 2>&1
"$work/venv/bin/python" look.py "$program" || fails "see above" "$work/s3.log"
echo "ok: html, bundle, json, md by PUT; signatures as botocore makes them, $name"
