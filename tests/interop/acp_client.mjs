// The official SDK's client against `massgen-tui acp`: prompts, cards, cancelling, loading.
import { spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";

const [program, state, project] = process.argv.slice(2);

function check(good, words) {
  if (!good) {
    console.error("FAILED: " + words);
    process.exit(1);
  }
}

function connect(speed, demo = "quick") {
  const asked = [];
  const child = spawn(program, ["acp", "--state-dir", state, "--demo", demo, "--demo-speed", speed], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const updates = [];
  const app = acp
    .client({ name: "proof" })
    .onRequest(acp.methods.client.session.requestPermission, (one) => {
      asked.push(one.params);
      return { outcome: { outcome: "selected", optionId: one.params.options[0].optionId } };
    })
    .onNotification(acp.methods.client.session.update, (one) => { updates.push(one.params.update); });
  const stream = acp.ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout));
  const connection = app.connect(stream);
  const on = acp.methods.agent;
  const ask = (method) => (params) => connection.agent.request(method, params);
  return {
    child,
    updates,
    asked,
    connection: {
      initialize: ask(on.initialize),
      newSession: ask(on.session.new),
      loadSession: ask(on.session.load),
      prompt: ask(on.session.prompt),
      cancel: (params) => connection.agent.notify(on.session.cancel, params),
    },
  };
}

async function begin(link) {
  const hello = await link.connection.initialize({ protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: {} });
  check(hello.protocolVersion === 1, JSON.stringify(hello));
  return hello;
}

async function end(link) {
  const gone = new Promise((done) => link.child.on("exit", done));
  link.child.stdin.end();
  check((await gone) === 0, "it does not end well when the editor goes away");
}

const text = (updates, kind) =>
  updates.filter((one) => one.sessionUpdate === kind).map((one) => one.content.text).join("");

let link = connect("max");
const hello = await begin(link);
check(hello.agentCapabilities.loadSession, "it cannot load sessions");
const session = await link.connection.newSession({ cwd: project, mcpServers: [] });
const words = [{ type: "text", text: "How does the team decide?" }];
const first = await link.connection.prompt({ sessionId: session.sessionId, prompt: words });
check(first.stopReason === "end_turn", JSON.stringify(first));
const kinds = new Set(link.updates.map((one) => one.sessionUpdate));
for (const kind of ["plan", "tool_call", "tool_call_update", "agent_message_chunk"]) {
  check(kinds.has(kind), `no ${kind} came`);
}
const said = text(link.updates, "agent_message_chunk");
check(said.includes(`massgen-tui open ${session.sessionId}`), said);
const second = await link.connection.prompt({ sessionId: session.sessionId, prompt: words });
check(second.stopReason === "end_turn", JSON.stringify(second));
console.log(`ok: two prompts, ${link.updates.length} updates (${[...kinds].join(", ")})`);
await end(link);

link = connect("0.1");
await begin(link);
await link.connection.loadSession({ sessionId: session.sessionId, cwd: project, mcpServers: [] });
check(text(link.updates, "user_message_chunk").startsWith("How does"), "the task is not told again");
check(text(link.updates, "agent_message_chunk").length > 100, "the answers are not told again");
console.log("ok: the session was loaded again");
const other = await link.connection.newSession({ cwd: project, mcpServers: [] });
const going = link.connection.prompt({ sessionId: other.sessionId, prompt: words });
while (!link.updates.some((one) => one.sessionUpdate === "tool_call")) await new Promise((done) => setTimeout(done, 20));
await link.connection.cancel({ sessionId: other.sessionId });
check((await going).stopReason === "cancelled", "it was not cancelled");
console.log("ok: a prompt was cancelled");
await end(link);

// What agents ask goes to the editor, and the run goes on with what was chosen there.
for (const [demo, wanted] of [["talking", "asks"], ["plan", "a plan"]]) {
  link = connect("20", demo);
  await begin(link);
  const one = await link.connection.newSession({
    cwd: project,
    mcpServers: [{ name: "files", command: "no-such-program", args: [], env: [] }],
  });
  const done = await link.connection.prompt({ sessionId: one.sessionId, prompt: words });
  check(done.stopReason === "end_turn", JSON.stringify(done));
  const titles = link.asked.map((one) => one.toolCall.title);
  check(titles.some((title) => title.includes(wanted)), `${demo}: nobody was asked: ${JSON.stringify(titles)}`);
  check(text(link.updates, "agent_thought_chunk").includes("are not used by the team (files)"), "the tool server is not told");
  console.log(`ok: ${demo}: the editor was asked ${titles.length} times, first: ${titles[0]}`);
  await end(link);
}
