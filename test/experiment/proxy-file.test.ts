import { describe, expect, test } from "vitest";
import { faultTypes } from "../../src/faults/index.ts";
import { parseProxyFile } from "../../src/experiment/index.ts";
import type { FileProxy } from "../../src/experiment/index.ts";
import { readToxic } from "../../src/experiment/read-toxic.ts";

const options = { file: "proxies.yaml", env: { PORT: "5432" } };

function proxiesOf(text: string): readonly FileProxy[] {
  const { proxies, issues } = parseProxyFile(text, options);
  expect(issues).toEqual([]);
  return proxies ?? [];
}

/** Where and what, without frames. */
function issuesOf(text: string): readonly string[] {
  return parseProxyFile(text, options).issues.map(({ severity, file, line, column, message, hint }) => `${severity} ${file ?? ""}:${line ?? 0}:${column ?? 0} ${message}${hint === undefined ? "" : ` (${hint})`}`);
}

describe("a file of proxies as an experiment has them", () => {
  test("gives edges with their defaults, in order", () => {
    const [payments, db] = proxiesOf("proxies:\n  payments: { upstream: http://127.0.0.1:8080, listen: 127.0.0.1:8081, limits: { connections: 5 } }\n  db: { upstream: tcp://127.0.0.1:5432 }\n");
    expect(payments).toMatchObject({ listen: "127.0.0.1:8081", enabled: true, toxics: [], edge: { upstream: { host: "127.0.0.1", port: 8080 }, proxy: { name: "payments", lane: "http1", upstream: "http://127.0.0.1:8080", limits: { connections: 5 } } } });
    expect(db).toMatchObject({ listen: "127.0.0.1:0", edge: { proxy: { lane: "tcp", upstream: "tcp://127.0.0.1:5432" } } });
  });

  test("may lead to host:port, be disabled and hold toxics", () => {
    const [db] = proxiesOf("proxies:\n  db:\n    upstream: 127.0.0.1:5432\n    enabled: false\n    listen: :6000\n    toxics:\n      - { type: latency, attributes: { latency: 100 } }\n      - { type: down, name: gone }\n");
    expect(db).toMatchObject({ listen: "127.0.0.1:6000", enabled: false, edge: { upstream: { host: "127.0.0.1", port: 5432 }, proxy: { lane: "tcp", upstream: "127.0.0.1:5432" } } });
    expect(db?.toxics).toMatchObject([{ name: "latency_downstream", attributes: { latency: 100, jitter: 0 }, fault: { type: "latency", layer: "connection", proxy: "db" } }, { name: "gone", type: "down", fault: { type: "down" } }]);
  });

  test("has variables and the environment in it", () => {
    expect(proxiesOf('vars: { host: db.test }\nproxies:\n  db: { upstream: "tcp://${vars.host}:${env.PORT}" }\n')).toMatchObject([{ edge: { upstream: { host: "db.test", port: 5432 } } }]);
  });

  test("has faults, in Toxiproxy's words where it has any, else under our own names with what was written", () => {
    const [shop, db] = proxiesOf(`
proxies:
  shop: { upstream: http://127.0.0.1:8080 }
  db: { upstream: 127.0.0.1:5432 }
faults:
  - { type: error, proxy: shop, status: 503, rate: 20%, match: { path: /pay } }
  - { type: latency, proxy: db, delay: 200ms, rate: 50%, direction: request }
  - { type: latency, proxy: db, name: wavy, delay: 200ms, jitter: 10ms, distribution: normal, direction: both }
  - { type: connection-limit, proxy: db, connections: 3, from: 5s }
  - { type: reset, proxy: shop, layer: connection, afterBytes: 1KiB }
`);
    const shown = (proxy: FileProxy | undefined): unknown => proxy?.toxics.map(({ fault, ...toxic }) => ({ ...toxic, fault: fault?.type }));
    expect(shown(shop)).toEqual([
      { name: "error-1", type: "http_error", stream: "downstream", toxicity: 0.2, attributes: { status: 503, match: { path: "/pay" } }, fault: "error" },
      { name: "reset-1", type: "connection_reset", stream: "downstream", toxicity: 1, attributes: { afterBytes: "1KiB" }, fault: "reset" },
    ]);
    expect(shown(db)).toEqual([
      { name: "latency-1", type: "latency", stream: "upstream", toxicity: 0.5, attributes: { latency: 200, jitter: 0 }, fault: "latency" },
      { name: "wavy", type: "connection_latency", stream: "downstream", toxicity: 1, attributes: { delay: "200ms", jitter: "10ms", distribution: "normal", direction: "both" }, fault: "latency" },
      { name: "connection-limit-1", type: "connection_limit", stream: "downstream", toxicity: 1, attributes: { connections: 3, from: "5s" }, fault: "connection-limit" },
    ]);
  });

  test("that holds a whole experiment says what of it is not looked at", () => {
    expect(issuesOf("version: 1\ntitle: x\nphases: { during: 5s }\nproxies: { db: { upstream: tcp://a:1 } }\nprobes: {}\n")).toEqual([
      "warning proxies.yaml:3:1 phases is of experiments, and not looked at here (chaos run carries out whole experiments)",
      "warning proxies.yaml:5:1 probes is of experiments, and not looked at here (chaos run carries out whole experiments)",
    ]);
  });
});

describe("every fault of a proxy", () => {
  const edges = faultTypes.filter(({ layer }) => layer !== "process");
  const upstreams = ["http://127.0.0.1:80", "grpc://127.0.0.1:80", "127.0.0.1:80"];

  test.each(edges.map((type) => [`${type.layer} ${type.type}`, type] as const))("is a toxic by its own name, and is the same when that is read again: %s", (_name, type) => {
    const yaml = (upstream: string): string => `proxies:\n  p: { upstream: "${upstream}", tls: generated }\nfaults:\n  - type: ${type.type}\n    layer: ${type.layer}\n    proxy: p\n    rate: 30%\n${type.example === "{}" ? "" : type.example.split("\n").map((line) => `    ${line}\n`).join("")}`;
    const parsed = upstreams.map((upstream) => parseProxyFile(yaml(upstream), options)).find(({ proxies }) => proxies !== undefined);
    const [proxy] = parsed?.proxies ?? [];
    const [toxic] = proxy?.toxics ?? [];
    if (proxy === undefined || toxic === undefined) throw new Error(`it is on no proxy: ${upstreams.flatMap((upstream) => issuesOf(yaml(upstream))).join("\n")}`);
    expect(toxic.toxicity).toBe(0.3);
    const again = readToxic(toxic, proxy.edge.proxy, [], (finding) => expect.fail(finding.message));
    expect(again?.fault).toEqual(toxic.fault);
    expect(again?.attributes).toEqual(toxic.attributes);
  });
});

describe("Toxiproxy's list of proxies", () => {
  test("is read as Toxiproxy reads it, toxics too", () => {
    const [web, db] = proxiesOf(JSON.stringify([
      { name: "web", listen: "[::]:8666", upstream: "web.test:80", enabled: true, Logger: {} },
      { Name: "d b", Upstream: "db.test:5432", Enabled: null, toxics: [{ type: "latency", name: "slow", stream: "UPSTREAM", toxicity: 0.123456789, attributes: { Latency: 1000 } }, { type: "noop" }] },
    ]));
    expect(web).toMatchObject({ listen: "[::]:8666", enabled: true, edge: { upstream: { host: "web.test", port: 80 } } });
    expect(db).toMatchObject({ listen: "", enabled: true, edge: { proxy: { name: "d b" } } });
    expect(db?.toxics).toMatchObject([{ name: "slow", stream: "UPSTREAM", toxicity: 0.12345679, attributes: { latency: 1000, jitter: 0 }, fault: { direction: "request" } }, { name: "noop_downstream", attributes: {} }]);
    expect(db?.toxics[1]).not.toHaveProperty("fault");
  });

  test("may stand under proxies: beside faults", () => {
    expect(proxiesOf("proxies:\n  - { name: db, upstream: a:1 }\nfaults:\n  - { type: down, proxy: db }\n")).toMatchObject([{ toxics: [{ type: "down" }] }]);
  });

  test("may be empty, and so may a file's maps", () => {
    expect(proxiesOf("[]")).toEqual([]);
    expect(proxiesOf("proxies: {}")).toEqual([]);
  });
});

describe("what is wrong is told at its place, all of it", () => {
  test.each([
    ["", ["error proxies.yaml:1:1 expected proxies, got an empty file (write proxies: { name: { upstream: … } }, or a list as Toxiproxy has it: [{ name, upstream }])"]],
    ["hello", ["error proxies.yaml:1:1 expected proxies, got a single value (write proxies: { name: { upstream: … } }, or a list as Toxiproxy has it: [{ name, upstream }])"]],
    ['[{"name":"a",\n  "upstream":"x:1"},\n {"upstream":"y:1"},\n {"name":"b"}]', ["error proxies.yaml:3:2 name is missing: what the proxy is called", "error proxies.yaml:4:2 upstream is missing: what stands behind it, host:port or a URL"]],
    ['[{"name":"a","upstream":"x:1"},\n{"name":"a","upstream":"x:2"}]', ['error proxies.yaml:2:9 two proxies are called "a" (give one of them another name)']],
    ['[{"name":"a","upstream":"x:1","listen":"nohost"}]', ['error proxies.yaml:1:40 listen: expected host:port like "127.0.0.1:8666", got "nohost"']],
    ['[{"name":"a","upstream":"x:1","enabled":"yes"}]', ["error proxies.yaml:1:41 enabled: expected true or false"]],
    ['[{"name":"a","upstream":"x:1","lisen":":1"}]', ['warning proxies.yaml:1:31 unknown key "lisen", which is not looked at (did you mean "listen"?)']],
    ['[{"name":"a","upstream":"x:1","toxics":[{"type":"latency","attributes":{"latency":-1}},\n{"type":"latencie"},{"stream":"up","type":"noop"}]}]', [
      "error proxies.yaml:1:83 latency: expected a whole number of ms from 0 to 2147483647, got -1",
      'error proxies.yaml:2:9 there is no toxic "latencie" (did you mean "latency"?)',
      'error proxies.yaml:2:31 stream: expected upstream or downstream, got "up"',
    ]],
    ['[{"name":"a","upstream":"x:1","toxics":[{"type":"noop"},{"type":"noop"}]}]', ['error proxies.yaml:1:57 two toxics of a are called "noop_downstream" (give one of them another name)']],
    ['[{"name":"a","upstream":"x:1","toxics":[{"type":"latency","attributes":{"latency":"5"}}]}]', ['error proxies.yaml:1:83 latency: expected a whole number of ms from 0 to 2147483647, got "5"']],
    ["proxies:\n  a: { upstream: x:1, listen: 127.0.0.1:7 }\n  b: { upstream: x:2, listen: 127.0.0.1:7 }\n", ["error proxies.yaml:3:31 a listens on 127.0.0.1:7 too (choose another port, or port 0 for any free one)"]],
    ["proxies: { a: { upstream: x:1, toxics: [{ type: latency, attributes: { latncy: 20 } }] } }\n", ['error proxies.yaml:1:72 unknown key "latncy" (did you mean "latency"?)']],
    ["proxies:\n  a: { upstrem: x:1 }\n", ["error proxies.yaml:2:3 upstream is missing", 'error proxies.yaml:2:8 unknown key "upstrem" (did you mean "upstream"?)']],
    ["proxies:\n  a: { upstream: ftp://x:1 }\n", ["error proxies.yaml:2:18 upstream: unknown scheme ftp://"]],
    ['proxies:\n  a: { upstream: "${services.x.url}" }\n', ["error proxies.yaml:2:19 ${services.x.url} is known only when an experiment runs (write host and port)"]],
    ['proxies:\n  a: { upstream: "${env.NOPE}" }\n', ["error proxies.yaml:2:19 the environment variable NOPE is not set"]],
    ["proxies:\n  a: { upstream: http://x:1, workers: 2 }\n", ["warning proxies.yaml:2:30 workers is of experiments, and not looked at here"]],
    ["proxies:\n  a: { upstream: http://x:1, through: b }\n", ["error proxies.yaml:2:30 through is of experiments"]],
    ["proxies: { a: { upstream: x:1 } }\nfaults:\n  - { type: error, proxy: a, status: 503 }\n", ["error proxies.yaml:3:13 error acts on HTTP exchanges, and the proxy a passes bytes (x:1)"]],
    ["proxies: { a: { upstream: x:1 } }\nfaults:\n  - { type: kill, service: a }\n", ["error proxies.yaml:3:13 kill acts on a process of an experiment, and there is none here (chaos run carries it out)"]],
    ["proxies: { a: { upstream: http://x:1 } }\nfaults:\n  - { type: drop, proxy: a, attempt: 1..2 }\n", ["error proxies.yaml:3:29 attempt counts the calls of a request of chaos run, and there is no run here (count by what the calls of a request have in common: per: trace, or per: header x, with first: 2)"]],
    ["proxies: { a: { upstream: x:1 } }\nfaults:\n  - { type: down, proxy: b }\n", ['error proxies.yaml:3:26 there is no proxy "b"']],
    ["proxies: { a: { upstream: x:1 } }\nfaults:\n  - { type: down, proxy: a, name: x }\n  - { type: half-open, proxy: a, name: x }\n", ['error proxies.yaml:4:5 two faults of a are called "x" (give one of them another name)']],
    ["proxies: { a: { upstream: x:1 } }\nfaltus: []\n", ['error proxies.yaml:2:1 unknown key "faltus" (did you mean "faults"?)']],
    ["proxies: {}\n---\nproxies: {}\n", ["error proxies.yaml:3:1 expected one document, got several (write them as one)"]],
    ["proxies: [", ["error proxies.yaml:1:"]],
  ])("%j", (text, expected) => {
    const issues = issuesOf(text);
    expect(issues).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(issues[index]?.startsWith(start), issues[index]).toBe(true);
    expect(parseProxyFile(text, options).proxies === undefined).toBe(expected.some((issue) => issue.startsWith("error")));
  });
});
