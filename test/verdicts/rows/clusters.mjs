// A register of keys on three nodes, of which one leads: the cluster of the experiments, with flaws that it can be told to have.
import { fileURLToPath } from "node:url";

const file = (name) => fileURLToPath(new URL(`../../../experiments/services/cluster/${name}.mjs`, import.meta.url));
const nodes = [1, 2, 3];

/** `env`: flaws of all nodes. `links`: those from → to that go through a proxy, such as "1-3". */
function cluster({ env = {}, links = [], probes, faults, phases }) {
  const urlOf = (from, to) => (links.includes(`${from}-${to}`) ? `\${proxies.link-${from}-${to}.url}` : `\${services.node-${to}.url}`);
  const node = (id) => ({
    command: ["node", file("node")], port: "auto", ready: { http: `\${services.node-${id}.url}/health/live`, within: "20s" },
    env: { NODE_ID: id, FIRST_STAND_MS: id === 1 ? 1000 : 4000, PEERS: nodes.filter((peer) => peer !== id).map((peer) => `${peer}=${urlOf(id, peer)}`).join(" "), ...env },
  });
  return {
    services: {
      dependency: null, app: null,
      ...Object.fromEntries(nodes.map((id) => [`node-${id}`, node(id)])),
      router: { command: ["node", file("router")], port: "auto", env: { SHARDS: nodes.map((id) => `\${services.node-${id}.url}`).join(" ") }, ready: { http: "${services.router.url}/health/ready", within: "20s" } },
    },
    proxies: { dependency: null, ...Object.fromEntries(links.map((link) => [`link-${link}`, { upstream: `\${services.node-${link.slice(2)}.url}`, correlate: "none" }])) },
    probes: { app: null, ...probes },
    phases: { warmup: "1s", before: "3s", during: "6s", after: "4s", ...phases },
    faults,
  };
}

const roles = Object.fromEntries(nodes.map((id) => [`role-${id}`, { type: "http", url: `\${services.node-${id}.url}/role`, load: "20/s", capture: { path: "/role", term: "/term" } }]));
const oneLeader = (claims) => ({ type: "invariant", probes: nodes.map((id) => `role-${id}`), where: { value: "leader" }, ...claims });
const killed = [{ name: "fault", type: "kill", service: "node-1", restart: { after: "4s" } }];
const paused = [{ name: "fault", type: "pause", service: "node-1", for: "4s" }];
const around1 = ["1-2", "1-3", "2-1", "3-1"];
const cut = (links, length) => links.map((link) => ({ name: `cut-${link}`, proxy: `link-${link}`, type: "hang", for: length }));

const writes = { type: "http", method: "PUT", url: "${services.router.url}/keys/a-counter", json: { value: "${request.id}" }, load: "20/s", expect: { status: 200 }, capture: { path: "/version" } };
const reads = Object.fromEntries([2, 3].map((id) => [`read-${id}`, { type: "http", url: `\${services.node-${id}.url}/keys/a-counter`, load: "20/s", expect: { status: 200 }, degraded: { status: 503 }, capture: { path: "/version" } }]));
const fresh = { type: "invariant", probes: ["read-2", "read-3"], staleness: { primary: "writes", p95: "<= 600ms", max: "<= 1500ms" } };
const replicated = (env) => cluster({ env, links: ["1-2", "1-3"], probes: { writes, ...reads }, faults: cut(["1-3"], "3s") });

const all = [
  { id: "E01", experiment: cluster({ probes: roles, faults: killed }), hypothesis: oneLeader({ count: "== 1", within: "3s" }), expect: "held", why: "the leader is killed, and another leads within 3 s" },
  { id: "E03", experiment: cluster({ env: { FAILOVER: "off" }, probes: roles, faults: killed }), hypothesis: oneLeader({ count: "== 1", within: "2s" }), expect: "violated", claim: "count", why: "the leader is killed, and nobody stands in for it" },
  { id: "E05", experiment: cluster({ probes: roles, faults: paused }), hypothesis: oneLeader({ count: "<= 1" }), expect: "held", why: "a leader that stood still wakes up as a follower" },
  { id: "E07", experiment: cluster({ env: { LEASE: "off" }, links: around1, probes: roles, faults: cut(around1, "5s") }), hypothesis: oneLeader({ count: "<= 1" }), expect: "violated", claim: "count", why: "cut off from the others it leads on, while they have chosen another: two leaders" },
  { id: "E09", experiment: cluster({ env: { LEASE: "off" }, links: around1, probes: roles, faults: cut(around1, "5s") }), hypothesis: oneLeader({ count: "<= 1", perTerm: true }), expect: "held", why: "the same two lead in different terms" },
  { id: "E11", experiment: cluster({ links: around1, probes: roles, faults: cut(around1, "5s") }), hypothesis: oneLeader({ count: "<= 1" }), expect: "held", why: "cut off from the others it steps down before they choose" },
  { id: "E13", experiment: replicated({}), hypothesis: fresh, expect: "held", why: "a replica that was cut off answers nothing rather than what is outdated" },
  { id: "E15", experiment: replicated({ CATCH_UP: "off" }), hypothesis: fresh, expect: "violated", why: "what a replica missed it never gets" },
];

export const rows = all.map((row) => ({ notWith: ["replicas"], ...row }));
