"""A loopback OTLP/HTTP receiver that keeps what it gets, and reads it with OpenTelemetry's own types.

collector.py FOLDER          serves, prints `port N`, writes every request into FOLDER
collector.py --check FOLDER  reads them: unknown fields, wrong types and missing parts are errors
"""

import base64
import json
import pathlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(folder):
    folder.mkdir(parents=True, exist_ok=True)
    count = iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.headers["content-type"] == "application/json"
            name = self.path.strip("/").replace("/", "-")
            (folder / f"{next(count):05}-{name}.json").write_bytes(body)
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print("port", server.server_address[1], flush=True)
    server.serve_forever()


def hexadecimal_ids(value):
    """OTLP's JSON has ids in hexadecimal digits where protobuf's own JSON has base64."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("traceId", "spanId", "parentSpanId"):
                value[key] = base64.b64encode(bytes.fromhex(inner)).decode()
            else:
                hexadecimal_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            hexadecimal_ids(inner)
    return value


def check(folder):
    from google.protobuf import json_format
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace

    spans, points = {}, set()
    for path in sorted(folder.iterdir()):
        value = hexadecimal_ids(json.loads(path.read_text()))
        if "traces" in path.name:
            request = json_format.ParseDict(value, trace.ExportTraceServiceRequest())
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        assert len(span.trace_id) == 16 and len(span.span_id) == 8
                        assert span.end_time_unix_nano >= span.start_time_unix_nano > 0
                        spans[span.span_id] = span
        else:
            request = json_format.ParseDict(value, metrics.ExportMetricsServiceRequest())
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        points.add(metric.name)
                        for point in metric.histogram.data_points:
                            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
                            assert sum(point.bucket_counts) == point.count > 0
    names = {span.name.split(" ")[0] for span in spans.values()}
    assert {"invoke_agent", "chat"} <= names, names
    for span in spans.values():
        if span.parent_span_id:
            parent = spans[span.parent_span_id]
            assert parent.trace_id == span.trace_id
            assert parent.start_time_unix_nano <= span.start_time_unix_nano
    wanted = {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}
    assert points == wanted, points
    print(f"{len(spans)} spans, {sorted(names)}, {sorted(points)}")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(pathlib.Path(sys.argv[2]))
    else:
        serve(pathlib.Path(sys.argv[1]))
