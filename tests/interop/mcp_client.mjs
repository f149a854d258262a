// The official SDK's client against `massgen-tui mcp`: progress, log messages, cancelling, going away.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js";

const [program, state] = process.argv.slice(2);

function check(good, words) {
  if (!good) {
    console.error("FAILED: " + words);
    process.exit(1);
  }
}

async function connect(speed) {
  const transport = new StdioClientTransport({
    command: program,
    args: ["mcp", "--state-dir", state, "--demo", "--demo-speed", speed],
    stderr: "inherit",
  });
  const client = new Client({ name: "proof", version: "1" }, { capabilities: {} });
  await client.connect(transport);
  return client;
}

const content = (answer) => answer.structuredContent;

// Progress grows and ends with an answer that fits the output schema (the SDK checks it).
let client = await connect("4");
await client.listTools();
const logged = [];
client.setNotificationHandler(LoggingMessageNotificationSchema, (one) => { logged.push(one.params); });
await client.setLoggingLevel("debug");
const heard = [];
const asked = await client.callTool(
  { name: "run_ask", arguments: { prompt: "How does the team decide?" } },
  undefined,
  { onprogress: (one) => heard.push(one), timeout: 60000, resetTimeoutOnProgress: true },
);
check(content(asked).state === "answered", JSON.stringify(asked));
check(heard.length > 1, "no progress was heard");
check(heard.every((one, at) => at === 0 || one.progress > heard[at - 1].progress), "progress does not grow");
check(heard.some((one) => /published|vote/.test(one.message)), "progress says nothing of answers and votes");
check(logged.length > 0, "no log message was heard");
console.log(`ok: SDK client heard ${heard.length} pieces of progress, the last: ${heard.at(-1).message.split("\n").at(-1)}`);
await client.close();

// Cancelling the call stops its run.
client = await connect("0.1");
const stop = new AbortController();
let first;
const begun = new Promise((done) => { first = done; });
const cancelled = client.callTool(
  { name: "run_ask", arguments: { prompt: "Slowly." } },
  undefined,
  { signal: stop.signal, onprogress: () => first(), timeout: 60000 },
).then(() => check(false, "a cancelled call has an answer"), () => true);
await begun;
const before = content(await client.callTool({ name: "run_list", arguments: { limit: 1 } })).sessions[0];
check(before.running_here, "the run does not run");
stop.abort("enough");
await cancelled;
const after = content(await client.callTool({ name: "run_result", arguments: { id: before.run, wait_seconds: 20 } }));
check(after.state === "stopped", "the run goes on: " + JSON.stringify(after));
console.log(`ok: cancelling the call stopped session ${before.run}`);

// Steering and stopping a run that goes on beside.
const started = content(await client.callTool({ name: "run_start", arguments: { prompt: "Beside." } }));
const said = content(await client.callTool({ name: "run_steer", arguments: { id: started.run, text: "Be brief." } }));
check(/on its way/.test(said.said), JSON.stringify(said));
await client.callTool({ name: "run_stop", arguments: { id: started.run } });
const ended = content(await client.callTool({ name: "run_result", arguments: { id: started.run, wait_seconds: 20 } }));
check(ended.state === "stopped", JSON.stringify(ended));
console.log("ok: a run was steered and stopped");

// A client that goes away: what still runs is stopped, and its log is kept.
await client.callTool({ name: "run_start", arguments: { prompt: "Left alone." } });
await client.close();
console.log("ok: the client went away in the middle of a run");
