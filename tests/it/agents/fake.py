#!/usr/bin/env python3
"""Command-line agents as they speak, played by a script.

usage: fake.py DIALECT SCRIPT ARGUMENTS...
DIALECT is claude, codex, gemini or acp; SCRIPT is a JSON list of steps. Each step is a list whose
first word says what is done: text, think, tool, call (one of the team's tools), line (written as it
is), huge, stderr, write (a file, by its path and text), git (its status), permission (title, kind, and
for claude the tool and its input), hang, child (leaves a process behind), exit, die. The steps of every process of an
agent are one list: a step "end" ends the turn, the next process goes on behind it. Words among the
ARGUMENTS of an acp agent: wants-login, loads (earlier sessions), modes.
"""
import json, os, subprocess, sys, time

dialect, script, arguments = sys.argv[1], json.load(open(sys.argv[2])), sys.argv[3:]
notes = sys.argv[2] + ".notes"
place = sys.argv[2] + ".place"


def note(text):
    with open(notes, "a") as file:
        file.write(text + "\n")


def say(line):
    sys.stdout.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    sys.stdout.flush()


def after(flag):
    return arguments[arguments.index(flag) + 1] if flag in arguments else None


def server():
    """Command and arguments of the team's tool server, where this agent is told."""
    if dialect == "claude":
        path = after("--mcp-config")
        entry = json.load(open(path))["mcpServers"]["massgen"] if path else None
        return entry and [entry["command"]] + entry["args"]
    if dialect == "codex":
        found = dict(word.split("=", 1) for word in arguments if word.startswith("mcp_servers.massgen."))
        if not found:
            return None
        return [json.loads(found["mcp_servers.massgen.command"])] + json.loads(found["mcp_servers.massgen.args"])
    if dialect == "gemini":
        home = os.environ["GEMINI_CLI_HOME"]
        entry = json.load(open(home + "/.gemini/settings.json"))["mcpServers"].get("massgen")
        return entry and [entry["command"]] + entry["args"]
    entry = next(iter(opened["mcpServers"]), None)
    return entry and [entry["command"]] + entry["args"]


class Tools:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.id = 0
        self.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}) + "\n")
        note("tools " + " ".join(tool["name"] for tool in self.ask("tools/list", {})["result"]["tools"]))

    def ask(self, method, parameters):
        self.id += 1
        line = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": parameters}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        while True:
            answer = json.loads(self.process.stdout.readline())
            if answer.get("id") == self.id:
                return answer


count = 0


def ident():
    global count
    count += 1
    return "t%d" % count


def text(words):
    if dialect == "claude":
        for event in (
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": words}},
        ):
            say({"type": "stream_event", "event": event, "session_id": "s1", "parent_tool_use_id": None})
    elif dialect == "codex":
        say({"type": "item.completed", "item": {"id": ident(), "type": "agent_message", "text": words}})
    elif dialect == "gemini":
        say({"type": "message", "role": "assistant", "content": words, "delta": True})
    else:
        update({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": words}})


def think(words):
    if dialect == "claude":
        delta = {"type": "thinking_delta", "thinking": words}
        say({"type": "stream_event", "event": {"type": "content_block_delta", "index": 0, "delta": delta}, "parent_tool_use_id": None})
    elif dialect == "codex":
        say({"type": "item.completed", "item": {"id": ident(), "type": "reasoning", "text": words}})
    elif dialect == "acp":
        update({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": words}})


def tool(name, output):
    call = ident()
    if dialect == "claude":
        use = {"type": "tool_use", "id": call, "name": name, "input": {"file_path": "a.txt"}}
        say({"type": "assistant", "message": {"id": "m", "content": [use]}, "parent_tool_use_id": None})
        result = {"type": "tool_result", "tool_use_id": call, "content": output}
        say({"type": "user", "message": {"role": "user", "content": [result]}, "parent_tool_use_id": None})
    elif dialect == "codex":
        item = {"id": call, "type": "command_execution", "command": name, "status": "in_progress"}
        say({"type": "item.started", "item": item})
        say({"type": "item.completed", "item": dict(item, status="completed", exit_code=0, aggregated_output=output)})
    elif dialect == "gemini":
        say({"type": "tool_use", "tool_name": name, "tool_id": call, "parameters": {}})
        say({"type": "tool_result", "tool_id": call, "status": "success", "output": output})
    else:
        update({"sessionUpdate": "tool_call", "toolCallId": call, "title": name, "kind": "read", "status": "pending"})
        content = [{"type": "content", "content": {"type": "text", "text": output}}]
        update({"sessionUpdate": "tool_call_update", "toolCallId": call, "status": "completed", "content": content})


def update(what):
    say({"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": "s1", "update": what}})


def call(name, given):
    answer = tools.ask("tools/call", {"name": name, "arguments": given})
    told = answer.get("result", {}).get("content", [{}])[0].get("text") or json.dumps(answer.get("error"))
    note("result of " + name + ": " + told.replace("\n", " "))


def end():
    if dialect == "claude":
        usage = {"input_tokens": 100, "cache_read_input_tokens": 20, "output_tokens": 10}
        say({"type": "result", "subtype": "success", "is_error": False, "session_id": "s1", "usage": usage, "total_cost_usd": 0.25})
    elif dialect == "codex":
        say({"type": "turn.completed", "usage": {"input_tokens": 120, "cached_input_tokens": 20, "output_tokens": 10}})
    elif dialect == "gemini":
        say({"type": "result", "status": "success", "stats": {"input_tokens": 120, "output_tokens": 10, "cached": 20}})
    else:
        usage = {"inputTokens": 100, "cachedReadTokens": 20, "outputTokens": 10}
        say({"jsonrpc": "2.0", "id": asked, "result": {"stopReason": "end_turn", "usage": usage}})


def prompt_of_acp():
    """Waits for the next prompt; answers what comes before it."""
    global opened, asked, logged_in
    while True:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        message = json.loads(line)
        method = message.get("method")
        if method and method != "session/prompt":
            note(method + " " + json.dumps({k: v for k, v in message["params"].items() if k != "mcpServers"}))
        if method == "initialize":
            logins = [{"id": "web", "name": "Browser"}, {"id": "some-api-key", "name": "API key"}]
            able = {"loadSession": "loads" in arguments}
            result = {"protocolVersion": 1, "agentCapabilities": able, "authMethods": logins}
            say({"jsonrpc": "2.0", "id": message["id"], "result": result})
        elif method == "authenticate":
            logged_in = True
            say({"jsonrpc": "2.0", "id": message["id"], "result": {}})
        elif method in ("session/new", "session/load") and "wants-login" in arguments and not logged_in:
            error = {"code": -32000, "message": "Authentication required"}
            say({"jsonrpc": "2.0", "id": message["id"], "error": error})
        elif method in ("session/new", "session/load"):
            opened = message["params"]
            if method == "session/load":
                text("What was said before.")
            result = {"sessionId": "s1"} if method == "session/new" else {}
            if "modes" in arguments:
                modes = [{"id": "agent", "name": "Agent"}, {"id": "read-only", "name": "Read only"}]
                result["modes"] = {"currentModeId": "agent", "availableModes": modes}
            say({"jsonrpc": "2.0", "id": message["id"], "result": result})
        elif method in ("session/set_mode", "session/set_model"):
            say({"jsonrpc": "2.0", "id": message["id"], "result": {}})
        elif method == "session/prompt":
            asked = message["id"]
            return message["params"]["prompt"][0]["text"]
        elif "result" in message:
            note("outcome " + json.dumps(message["result"]))


opened, asked, tools, logged_in = None, None, None, False
note("start " + " ".join(word.replace("\n", " ") for word in arguments))
note("cwd " + os.getcwd())
if dialect == "acp":
    prompt = prompt_of_acp()
elif after("--input-format") == "stream-json":
    prompt = json.loads(sys.stdin.readline())["message"]["content"]
else:
    prompt = sys.stdin.read()
note("prompt " + prompt.replace("\n", " "))
if dialect == "claude":
    say({"type": "system", "subtype": "init", "session_id": "s1", "mcp_servers": [{"name": "massgen", "status": "connected"}]})
elif dialect == "codex":
    say({"type": "thread.started", "thread_id": "s1"})
elif dialect == "gemini":
    say({"type": "init", "session_id": "s1", "model": "m"})

at = int(open(place).read()) if os.path.exists(place) else 0
while at < len(script):
    step, at = script[at], at + 1
    with open(place, "w") as file:
        file.write(str(at))
    word, rest = step[0], step[1:]
    if word == "text":
        text(*rest)
    elif word == "think":
        think(*rest)
    elif word == "tool":
        tool(*rest)
    elif word == "call":
        if tools is None:
            tools = Tools(server())
        call(*rest)
    elif word == "line":
        say(rest[0])
    elif word == "huge":
        sys.stdout.write("x" * rest[0] + "\n")
    elif word == "stderr":
        sys.stderr.write(rest[0] + "\n")
    elif word == "write":
        try:
            with open(rest[0], "w") as file:
                file.write(rest[1])
            note("wrote " + rest[0])
        except OSError as error:
            note("not written " + rest[0] + ": " + error.strerror)
    elif word == "git":
        done = subprocess.run(["git", "status", "--short"], capture_output=True, text=True)
        note("status %d %s" % (done.returncode, done.stdout.replace("\n", " ")))
    elif word == "permission" and dialect == "claude":
        asking = {"subtype": "can_use_tool", "tool_name": rest[0], "input": rest[1], "tool_use_id": ident()}
        say({"type": "control_request", "request_id": "r1", "request": asking})
        note("outcome " + sys.stdin.readline().strip())
    elif word == "permission":
        options = [{"optionId": kind, "name": kind, "kind": kind} for kind in ("allow_once", "reject_once")]
        asking = {"sessionId": "s1", "toolCall": {"toolCallId": ident(), "title": rest[0], "kind": rest[1]}, "options": options}
        say({"jsonrpc": "2.0", "id": 0, "method": "session/request_permission", "params": asking})
        note("outcome " + sys.stdin.readline().strip())
    elif word == "hang":
        note("pid %d" % os.getpid())
        if rest:
            import signal
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            note("child %d" % subprocess.Popen(["sleep", "600"]).pid)
        note("hangs")
        time.sleep(600)
    elif word == "exit":
        sys.exit(rest[0])
    elif word == "end":
        end()
        if dialect != "acp":
            sys.exit(0)
        note("prompt " + prompt_of_acp().replace("\n", " "))
sys.exit(0)
