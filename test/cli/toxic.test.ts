import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { toxicNotes } from "../../src/cli/toxic-notes.ts";
import { ToxiproxyClient, readApiUrl } from "../../src/engines/toxiproxy/index.ts";
import { toxicTypes } from "../../src/toxics/index.ts";
import { eventually } from "../support/chaos.ts";
import { bothServers, freePort } from "../support/toxiproxy.ts";
import { fakeContext } from "./fakes.ts";

/** Runs a command line against an API; what came of it. */
async function chaos(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const context = { ...fakeContext(), env };
  const code = await main(argv, context);
  return { code, out: context.out(), err: context.err() };
}

describe("arguments are read before anything is sent", () => {
  test.each([
    [["add", "p"], "expected -t with the type of the toxic"],
    [["add", "p", "-t", "latency", "-a", "latency"], 'expected -a key=value, got "latency"'],
    [["add", "p", "-t", "latency", "-a", "=1"], 'expected -a key=value, got "=1"'],
    [["add", "p", "-t", "latency", "-u", "-d"], "expected --upstream or --downstream, got both"],
    [["add", "p", "-t", "latency", "--toxicity", "50"], "did you mean 50%?"],
    [["add", "p", "-t", "latency", "--toxicity", "some"], 'expected --toxicity 0..1 or 0%..100%, got "some"'],
    [["add", "p", "-t", "latency", "--toxicity", "101%"], 'got "101%"'],
    [["add", "p", "-t", "latency", "--api", "ftp://x"], 'expected the address of a control API, got "ftp://x"'],
    [["update", "p", "-a", "x=1"], "expected -n with the name of the toxic"],
    [["update", "p", "-n", "t"], "expected something to change, got nothing"],
    [["remove", "p"], "chaos toxic list PROXY has them"],
    [["list"], "missing required argument 'proxy'"],
    [["ad", "p"], "Did you mean add?"],
    [[], "Usage: chaos toxic"],
  ])("%j is refused with 2", async (argv, message) => {
    const { code, out, err } = await chaos(["toxic", ...argv], { CHAOS_API: "127.0.0.1:1" });
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, ""]);
  });
});

describe("help", () => {
  test.each([[["toxic", "--help"]], [["toxic", "add", "--help"]]])("of %j names every toxic with its attributes, and the faults beyond them", async (argv) => {
    const { code, out } = await chaos(argv);
    expect(code).toBe(0);
    for (const word of ["latency (ms), jitter (ms)", "delay (µs)", "http_<fault>", "$ chaos toxic add payments"]) expect(out).toContain(word);
  });

  test("is the same as the registry says", () => {
    const notes = toxicNotes.join("\n");
    const shown = [...notes.matchAll(/^  ([a-z_]+) {2,}(.*)$/gm)].flatMap(([, type = "", rest = ""]) => (type === "" ? [] : [{ type, rest }]));
    expect(shown.map(({ type }) => type).toSorted()).toEqual(toxicTypes.map(({ type }) => type).toSorted());
    for (const { type, fields } of toxicTypes) {
      const line = shown.find((one) => one.type === type)?.rest ?? "";
      for (const [name, field] of Object.entries(fields)) expect(line, `${type} takes ${name}`).toMatch(new RegExp(`\\b${name}\\b${field.kind === "integer" && field.unit !== "bytes" ? ` \\(${field.unit}` : ""}`));
    }
  });
});

test.each([[["toxic", "list", "payments"]], [["proxies"]], [["toxic", "add", "payments", "-t", "latency"]]])("%j loads no more than it takes to speak to a server", async (argv) => {
  const context = { ...fakeContext(), api: () => Promise.reject(new Error("the whole API was loaded")), env: { CHAOS_API: `127.0.0.1:${await freePort()}` } };
  expect(await main(argv, context)).toBe(6);
  expect(context.err()).toContain("api-unreachable");
});

test("where nothing listens it is 6, and says how to start one", async () => {
  const port = await freePort();
  const { code, err } = await chaos(["toxic", "list", "payments"], { TOXIPROXY_URL: `http://127.0.0.1:${port}` });
  expect(code).toBe(6);
  expect(err).toBe(`error: expected a control API at http://127.0.0.1:${port}, but nothing listens there [api-unreachable]\n  help: start one with: chaos proxy --api 127.0.0.1:${port}; or name another with --api URL\n`);
});

for (const [name, isThere, open] of bothServers) describe.skipIf(!isThere)(`with ${name}`, () => {
  let server: Awaited<ReturnType<typeof open>>;
  let client: ToxiproxyClient;
  const toxic = (...argv: readonly string[]) => chaos(["toxic", ...argv], { CHAOS_API: server.url });
  beforeAll(async () => {
    server = await open();
    client = new ToxiproxyClient({ url: readApiUrl(server.url) });
  });
  afterAll(() => server.stop());
  beforeEach(() => client.createProxy({ name: "payments", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" }));
  afterEach(() => client.removeProxy("payments"));

  test("a toxic is added, listed, updated and removed", async () => {
    expect(await toxic("add", "payments", "-t", "latency", "-a", "latency=1000", "-a", "jitter=10", "--toxicity", "50%", "-u")).toEqual({ code: 0, out: "added to payments: latency_upstream (latency, upstream, 50%): latency=1000 jitter=10\n", err: "" });
    expect((await toxic("update", "payments", "-n", "latency_upstream", "-a", "latency=250", "--toxicity", "1")).out).toBe("updated on payments: latency_upstream (latency, upstream): latency=250 jitter=10\n");
    await toxic("add", "payments", "-t", "slicer", "-n", "cut", "-a", "average_size=64");
    expect((await toxic("list", "payments")).out).toBe("latency_upstream  latency  upstream    latency=250 jitter=10\ncut               slicer   downstream  average_size=64 size_variation=0 delay=0\n");
    expect((await toxic("remove", "payments", "-n", "cut")).out).toBe("removed from payments: cut\n");
    expect(JSON.parse((await toxic("list", "payments", "--json")).out)).toEqual([{ name: "latency_upstream", type: "latency", stream: "upstream", toxicity: 1, attributes: { latency: 250, jitter: 10 } }]);
    await toxic("delete", "payments", "-n", "latency_upstream");
    expect((await toxic("list", "payments")).out).toBe("no toxics on payments\n");
  });

  test("flags may stand before the proxy, as toxiproxy-cli has them, and --api wins over the environment", async () => {
    const { code } = await chaos(["toxic", "a", "--type", "timeout", "--attribute", "timeout=5", "--downstream", "--api", server.url, "payments"], { CHAOS_API: "127.0.0.1:1" });
    expect(code).toBe(0);
    expect(await client.toxics("payments")).toMatchObject([{ name: "timeout_downstream", attributes: { timeout: 5 } }]);
  });

  const onlyToxiproxys: readonly [string[], string, string][] = [
    [["add", "payments", "-t", "http_error"], "invalid toxic type", '"http_error" is none that this server has; those of chaos beyond Toxiproxy\'s need chaos proxy in its place'],
    [["add", "payments", "-t", "slicer", "--ttl", "30s"], "it would not end the toxic after 30s", "leave --ttl out"],
    [["update", "payments", "-n", "latency_downstream", "--ttl", "30s"], "it would not end the toxic", "leave --ttl out"],
  ];
  const onlyOurs: readonly [string[], string, string][] = [
    [["add", "payments", "-t", "latncy"], "invalid toxic type", "chaos toxic add --help lists the types"],
    [["add", "payments", "-t", "http_error", "-a", "status=503"], "error acts on HTTP exchanges, and the proxy payments passes bytes", "http://"],
    [["add", "payments", "-t", "latency", "-n", "other", "-a", "latency=-1"], "latency", ""],
    [["add", "payments", "-t", "slicer", "--ttl", "soon"], "ttl", ""],
  ];

  test.each([
    [["list", "paymnts"], "proxy not found", 'did you mean "payments"?'],
    [["remove", "payments", "-n", "latncy_downstream"], "toxic not found", 'did you mean "latency_downstream"?'],
    [["add", "payments", "-t", "latency", "-n", "latency_downstream"], "toxic already exists", "chaos toxic update"],
    ...(name === "chaos proxy" ? onlyOurs : onlyToxiproxys),
  ])("%j is refused with 2, in the server's words, with what to do", async (argv, message, hint) => {
    await client.addToxic("payments", { type: "latency" });
    const { code, err } = await toxic(...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain(hint);
    expect(await client.toxics("payments")).toHaveLength(1);
  });

  test.runIf(name === "chaos proxy")("a lease is shown, renewed and ended", async () => {
    expect((await toxic("add", "payments", "-t", "latency", "--ttl", "1h")).out).toBe("added to payments: latency_downstream (latency, downstream): latency=0 jitter=0 for 3600s more\n");
    expect((await toxic("list", "payments")).out).toMatch(/latency=0 jitter=0 for 3\d\d\ds more\n$/);
    expect((await toxic("update", "payments", "-n", "latency_downstream", "--ttl", "50ms")).out).toMatch(/ for 0(\.1)?s more\n$/);
    await eventually(async () => ((await client.toxics("payments")).length === 0 ? true : undefined));
  });
});
