#!/usr/bin/env python3
"""A model server whose only model is a script, for trying tools: chat completions on a loopback port.

scripted_model.py CALLS.json LOG: CALLS is a list of [tool, arguments]. Each reply calls the next of them
that has no result yet in the conversation; a tool that is not on offer is skipped and noted. Then an
answer with all results is published, and a vote given. LOG gets a JSON line per request: the names on
offer and the results so far. Prints its port. Standard library only.
"""
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALLS = json.load(open(sys.argv[1], encoding="utf-8"))
LOG = open(sys.argv[2], "a", encoding="utf-8", buffering=1)


def reply(request):
    """The one thing to do now: (tool, arguments) or a text."""
    tools = {tool["function"]["name"]: tool["function"] for tool in request.get("tools", [])}
    results = {}
    asked = {}
    for message in request["messages"]:
        for call in message.get("tool_calls") or []:
            asked[call["id"]] = call["function"]["name"]
        if message["role"] == "tool":
            results[message["tool_call_id"]] = message["content"]
    done = [name for name in asked.values() if name.startswith("mcp__")]
    LOG.write(json.dumps({"offered": sorted(tools), "results": results}) + "\n")
    left = list(CALLS)
    for name in done:
        for call in left:
            if call[0] == name:
                left.remove(call)
                break
    for name, arguments in left:
        if name in tools:
            return name, arguments
    told = "\n".join(text for text in results.values())
    if "new_answer" in tools and "new_answer" not in asked.values():
        return "new_answer", {"content": "What the tools said:\n" + told[:4000]}
    if "vote" in tools:
        text = json.dumps(tools["vote"])
        choice = re.findall(r"agent\d+(?:\.\d+)?", text)
        return "vote", {"agent_id": choice[0] if choice else "agent1", "reason": "It is there."}
    return "What the tools said:\n" + told[:4000]


class Handler(BaseHTTPRequestHandler):
    """One request, one reply, streamed in one piece."""

    def log_message(self, *_):
        pass

    def send(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.send("application/json", json.dumps({"object": "list", "data": [{"id": "script"}]}))

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        act = reply(request)
        if isinstance(act, tuple):
            call = {"index": 0, "id": f"c{len(request['messages'])}", "type": "function",
                    "function": {"name": act[0], "arguments": json.dumps(act[1])}}
            delta, reason = {"role": "assistant", "tool_calls": [call]}, "tool_calls"
        else:
            delta, reason = {"role": "assistant", "content": act}, "stop"
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        chunk = {"id": "x", "object": "chat.completion.chunk", "model": "script"}
        lines = [
            {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage},
        ]
        text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
        self.send("text/event-stream", text)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
