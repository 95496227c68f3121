// Sends each key to its shard, and within a shard to the node that leads it.
//   GET|PUT /keys/:key   what that node answers; 504 when it takes longer than a second
//   GET /health/ready    200 once every shard has a leader
// SHARDS="http://… http://… | http://…": the nodes of each shard, in the order of their ids. A key belongs to the shard that the letter before its "-"
// says (a, b, …), so that experiments know where it goes. At most 8 calls are under way to a shard, the others wait for one of them to end.
// Broken on purpose: POOL=shared (8 calls to all shards together).
import { Agent, createServer, request as call } from "node:http";
import { readJson, send, stopOnSignal } from "../http.mjs";

const { PORT = "4100", SHARDS = "", POOL = "each" } = process.env;
const patienceMs = 1000;
const perNodeMs = 400;
const callsAtOnce = 8;

/** Lets so many calls be under way at once; the others wait in line, until they have lost patience. */
class Pool {
  #free = callsAtOnce;
  #line = new Set();

  async run(signal, act) {
    if (this.#free > 0) this.#free -= 1;
    else if (!(await this.#turn(signal))) return undefined;
    try {
      return signal.aborted ? undefined : await act();
    } finally {
      const [next] = this.#line;
      this.#line.delete(next);
      if (next === undefined) this.#free += 1;
      else next(true);
    }
  }

  /** Resolves with whether it came. */
  #turn(signal) {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      this.#line.add(resolve);
      signal.addEventListener("abort", () => this.#line.delete(resolve) && resolve(false));
    });
  }
}

const agent = new Agent({ keepAlive: true });
const shared = POOL === "shared" ? new Pool() : undefined;
const shards = SHARDS.split("|").map((nodes) => ({
  nodes: nodes.split(/\s+/).filter(Boolean),
  pool: shared ?? new Pool(),
  leader: 0,
}));

const server = createServer(async (request, response) => {
  const { method = "GET", url = "/" } = request;
  if (url === "/health/ready") return ready(response);
  if (!url.startsWith("/keys/")) return send(response, 404, { error: "not found" });
  const shard = shards[(url.codePointAt(6) - 97) % shards.length] ?? shards[0];
  const { status, body } = await pass(shard, method, url, method === "PUT" ? await readJson(request) : undefined);
  send(response, status, body);
});

/** Asks the node that led the shard last, then the one that it names or the next, for as long as there is patience. */
async function pass(shard, method, path, body) {
  const { nodes, pool } = shard;
  const patience = AbortSignal.timeout(patienceMs);
  for (let at = shard.leader; !patience.aborted; ) {
    const limit = nodes.length === 1 ? patience : AbortSignal.any([patience, AbortSignal.timeout(perNodeMs)]);
    const answer = await pool.run(limit, () => ask(`${nodes[at]}${path}`, { method, body, signal: limit }));
    const isDone = answer !== undefined && answer.status !== 409 && answer.status !== 503;
    if (isDone) {
      shard.leader = at;
      return answer;
    }
    if (nodes.length === 1) return answer ?? { status: 504, body: { error: "the shard does not answer" } };
    const named = answer?.status === 409 ? Number(answer.body.leader) - 1 : Number.NaN;
    at = nodes[named] === undefined || named === at ? (at + 1) % nodes.length : named;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { status: 504, body: { error: "the shard does not answer" } };
}

/** Undefined when there is no answer in time. */
function ask(url, { method, body, signal }) {
  return new Promise((resolve) => {
    const asked = call(url, { method, agent, signal, headers: { "content-type": "application/json" } }, async (response) => {
      const answer = await readJson(response);
      resolve(answer === undefined ? undefined : { status: response.statusCode, body: answer });
    });
    asked.on("error", () => resolve(undefined));
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function ready(response) {
  const roles = await Promise.all(shards.map(({ nodes }) => Promise.all(nodes.map((node) => ask(`${node}/role`, { method: "GET", signal: AbortSignal.timeout(patienceMs) })))));
  const isReady = roles.every((shard) => shard.some((answer) => answer?.body.role === "leader"));
  send(response, isReady ? 200 : 503, { status: isReady ? "ready" : "waiting for a leader" });
}

server.listen(Number(PORT), "127.0.0.1", () => console.log("router: listening"));
stopOnSignal(server);
