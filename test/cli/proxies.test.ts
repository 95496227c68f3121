import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { ToxiproxyClient, readApiUrl } from "../../src/engines/toxiproxy/index.ts";
import { bothServers } from "../support/toxiproxy.ts";
import { fakeContext } from "./fakes.ts";

for (const [name, isThere, open] of bothServers) describe.skipIf(!isThere)(`with ${name}`, () => {
  let server: Awaited<ReturnType<typeof open>>;
  let client: ToxiproxyClient;
  let listen: string;
  const proxies = async (...argv: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
    const context = { ...fakeContext(), env: { TOXIPROXY_URL: server.url } };
    const code = await main(["proxies", ...argv], context);
    return { code, out: context.out(), err: context.err() };
  };
  beforeAll(async () => {
    server = await open();
    client = new ToxiproxyClient({ url: readApiUrl(server.url) });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    ({ listen } = await client.createProxy({ name: "payments", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" }));
  });
  afterEach(async () => {
    for (const name of Object.keys(await client.proxies())) await client.removeProxy(name);
  });

  test("lists proxies with their toxics, one by name, or says that there is none", async () => {
    await client.addToxic("payments", { type: "latency", attributes: { latency: 5 } });
    await client.createProxy({ name: "db", listen: "127.0.0.1:1", upstream: "127.0.0.1:9", enabled: false });
    const shown = `payments  ${listen} → 127.0.0.1:9\n  latency_downstream  latency  downstream  latency=5 jitter=0\n`;
    const { code, out, err } = await proxies();
    expect({ code, out, err }).toEqual({ code: 0, out: `db        ${"127.0.0.1:1".padEnd(listen.length)} → 127.0.0.1:9  disabled\n${shown}`, err: "" });
    for (const words of [["payments"], ["list", "payments"], ["inspect", "payments"]]) expect((await proxies(...words)).out).toBe(shown);
    await proxies("delete", "payments");
    await proxies("rm", "db");
    expect((await proxies("list")).out).toBe("no proxies\n");
  });

  test("--json is what the server says", async () => {
    expect(JSON.parse((await proxies("--json")).out)).toMatchObject({ payments: { name: "payments", listen, enabled: true, toxics: [] } });
    expect(JSON.parse((await proxies("payments", "--json")).out)).toMatchObject({ name: "payments", listen });
  });

  test("creates, disables, enables and toggles, as toxiproxy-cli does", async () => {
    expect((await proxies("create", "-l", "127.0.0.1:0", "-u", "127.0.0.1:8", "db")).out).toMatch(/^created db: 127\.0\.0\.1:\d+ → 127\.0\.0\.1:8\n$/);
    expect((await proxies("disable", "db")).out).toMatch(/^disabled db: /);
    expect(await client.proxy("db")).toMatchObject({ enabled: false });
    expect((await proxies("enable", "db")).out).toMatch(/^enabled db: /);
    expect((await proxies("toggle", "db")).out).toMatch(/^disabled db: /);
    expect((await proxies("new", "off", "-u", "127.0.0.1:8", "-l", "127.0.0.1:1", "--disabled", "--json")).out).toContain('"enabled": false');
  });

  test("reset heals all", async () => {
    await client.addToxic("payments", { type: "timeout" });
    await client.updateProxy("payments", { enabled: false });
    expect((await proxies("reset")).out).toBe("all proxies enabled, all toxics removed\n");
    expect(await client.proxy("payments")).toMatchObject({ enabled: true, toxics: [] });
  });

  test.each([
    [["creat"], 2, "proxy not found", "the commands are list, create, delete, enable"],
    [["paymnts"], 2, "proxy not found", 'did you mean "payments"?'],
    [["disable", "paymnts"], 2, "proxy not found", 'did you mean "payments"?'],
    [["create", "x"], 2, "expected -u", "-u 10.0.0.5:8080"],
    [["create", "payments", "-u", "127.0.0.1:9"], 2, "proxy already exists", ""],
    [["create", "x", "-u", "127.0.0.1:9", "-l", "taken"], 6, "address already in use", ""],
  ])("%j is refused with %i, in the server's words", async (argv, code, message, hint) => {
    const result = await proxies(...argv.map((word) => (word === "taken" ? listen : word)));
    expect(result.err).toContain(message);
    expect(result.err).toContain(hint);
    expect([result.code, result.out]).toEqual([code, ""]);
  });
});
