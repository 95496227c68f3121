// A node of a cluster that keeps a register of keys, over HTTP.
//   GET  /keys/:key    what this node has, with its version, in any role; 503 when it is out of touch with the leader
//   PUT  /keys/:key    { value }: the leader only; 200 once a majority has it, 409 elsewhere, 503 without a majority
//   GET  /role         what it takes itself for: leader or follower, and in which term
//   GET  /health/live
//   POST /cluster/…    between nodes
// PEERS="2=http://… 3=http://…". Broken on purpose: LEASE=off (a leader stays one without hearing from a majority), MAJORITY=off (whoever stands leads),
// FAILOVER=off (nobody stands once there was a leader), CATCH_UP=off (what a node missed it never gets).
import { createServer } from "node:http";
import { readJson, send, stopOnSignal } from "../http.mjs";
import { Member } from "./member.mjs";

const { PORT = "4101", NODE_ID = "1", PEERS = "", FIRST_STAND_MS = "1000", LEASE, MAJORITY, FAILOVER, CATCH_UP } = process.env;
const isOff = (value) => value === "off" || value === "false";

const member = new Member({
  id: NODE_ID,
  peers: PEERS.split(/\s+/).filter(Boolean).map((peer) => ({ id: peer.slice(0, peer.indexOf("=")), url: peer.slice(peer.indexOf("=") + 1) })),
  firstStandMs: Number(FIRST_STAND_MS),
  flaws: { lease: isOff(LEASE), majority: isOff(MAJORITY), failover: isOff(FAILOVER), catchUp: isOff(CATCH_UP) },
});

const server = createServer(async (request, response) => {
  const { method, url = "/" } = request;
  const key = url.startsWith("/keys/") ? url.slice(6) : undefined;
  if (key !== undefined && method === "GET") return read(key, response);
  if (key !== undefined && method === "PUT") return write(key, await readJson(request), response);
  if (url === "/role") return send(response, 200, { id: NODE_ID, role: member.leads ? "leader" : "follower", term: member.term });
  if (url === "/health/live") return send(response, 200, { status: "live" });
  if (url === "/cluster/vote") return answer(request, response, (asked) => member.vote(asked));
  if (url === "/cluster/append") return answer(request, response, (asked) => member.append(asked));
  send(response, 404, { error: "not found" });
});

/** What another node asks for; it may have lost patience before it said so. */
async function answer(request, response, how) {
  const asked = await readJson(request);
  if (asked === undefined) return send(response, 400, { error: "expected JSON" });
  send(response, 200, how(asked));
}

function read(key, response) {
  const { values, version } = member.register;
  if (!member.isInTouch) return send(response, 503, { error: "out of touch with the leader" });
  send(response, 200, { value: values[key] ?? null, version });
}

async function write(key, body, response) {
  if (!member.leads) return send(response, 409, { error: "not the leader", leader: member.leader ?? null });
  const version = await member.write(key, body?.value ?? null);
  if (version === undefined) return send(response, 503, { error: "no majority" });
  send(response, 200, { version });
}

server.listen(Number(PORT), "127.0.0.1", () => console.log(`node ${NODE_ID}: listening`));
stopOnSignal(server);
