import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readApiUrl, ToxiproxyClient, ToxiproxyEngine } from "../../src/engines/index.ts";
import { serveProxy } from "../../src/run/index.ts";
import { tellRemoteRuns } from "../support/remote-shop.ts";

describe("a run whose faults another chaos proxy carries out", () => {
  let server: Awaited<ReturnType<typeof serveProxy>> | undefined;

  beforeAll(async () => {
    server = await serveProxy({ host: "127.0.0.1", port: 0, seed: "remote" });
  });
  afterAll(() => server?.close());

  tellRemoteRuns(() => server?.url ?? "");

  it("leaves nothing there even when it is killed: what is not renewed goes by itself", async () => {
    const client = new ToxiproxyClient({ url: readApiUrl(server?.url ?? "") });
    await client.createProxy({ name: "leased", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" });
    const engine = new ToxiproxyEngine({ client, proxy: "leased", prefix: "chaos-x-", leaseMs: 2000 });
    await engine.put([{ name: "chaos-x-slow", type: "latency", attributes: { latency: 5 } }]);
    const putMs = performance.now();
    while (performance.now() - putMs < 3000) {
      await engine.confirm();
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    expect(await client.toxics("leased")).toHaveLength(1);
    await expect.poll(() => client.toxics("leased"), { timeout: 15_000 }).toEqual([]);
    await expect(engine.confirm()).rejects.toMatchObject({ code: "remote-fault-lost" });
  });
});
