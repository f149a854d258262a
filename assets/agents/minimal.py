#!/usr/bin/env python3
"""The least that is an agent of a team: it speaks the Agent Client Protocol over stdin and stdout.

  backend: {type: acp, command: [python3, /path/to/minimal.py]}

`think` stands where a model would be. The tools of the team (new_answer, vote and others) are
an MCP server that the session names; what is offered changes as the team works. No packages.
"""

import json
import subprocess
import sys


def say(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


class Team:
    """The team's tools: the MCP server that the session names."""

    def __init__(self, server):
        command = [server["command"], *server["args"]]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.last = 0
        client = {"name": "minimal", "version": "1"}
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        self.write(method="notifications/initialized")

    def write(self, **message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def ask(self, method, **params):
        self.last += 1
        self.write(id=self.last, method=method, params=params)
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.last:
                return message.get("result", {})
        sys.exit("the team is gone")

    def tools(self):
        return {tool["name"]: tool for tool in self.ask("tools/list").get("tools", [])}

    def call(self, tool, **arguments):
        return self.ask("tools/call", name=tool, arguments=arguments)


def think(prompt):
    """Here would be a model."""
    return f"I was asked with {len(prompt.split())} words, and this is my answer."


def act(team, answered, prompt):
    """One turn. True once the agent has given an answer of its own."""
    offered = team.tools() if team else {}
    if "new_answer" in offered and not answered:
        # It comes back when the team goes on: with the answers of the others, or with a refusal.
        team.call("new_answer", content=think(prompt))
        offered, answered = team.tools(), True
    if "vote" in offered:
        choice = offered["vote"]["inputSchema"]["properties"]["agent_id"]["enum"][0]
        team.call("vote", agent_id=choice, reason="It is the first.")
        return answered
    update = {
        "sessionUpdate": "agent_message_chunk",
        "content": {"type": "text", "text": think(prompt)},
    }
    say(method="session/update", params={"sessionId": "1", "update": update})
    return answered


team, answered = None, False
for line in sys.stdin:
    message = json.loads(line)
    method, params = message.get("method"), message.get("params", {})
    if method == "initialize":
        say(id=message["id"], result={"protocolVersion": 1, "agentCapabilities": {}})
    elif method == "session/new":
        servers = params.get("mcpServers", [])
        team = Team(servers[0]) if servers else None
        say(id=message["id"], result={"sessionId": "1"})
    elif method == "session/prompt":
        prompt = "".join(part.get("text", "") for part in params["prompt"])
        answered = act(team, answered, prompt)
        say(id=message["id"], result={"stopReason": "end_turn"})
    elif method and "id" in message:
        say(id=message["id"], error={"code": -32601, "message": "not offered"})
