import { describe, expect, test } from "vitest";
import { ToxiproxyEngine } from "../../src/engines/index.ts";
import type { NewToxic, RemoteProxy, RemoteToxic, ToxicChanges } from "../../src/engines/index.ts";
import { ChaosError } from "../../src/model/error.ts";

/** A server in memory; `leases`: it knows them, as ours does. */
function server({ leases = false, toxics = [] }: { readonly leases?: boolean; readonly toxics?: readonly string[] } = {}) {
  const there = new Map<string, RemoteToxic>(toxics.map((name) => [name, { name, type: "latency", stream: "downstream", toxicity: 1, attributes: {} }]));
  const asked: string[] = [];
  const missing = (): never => { throw new ChaosError("api-not-found", "toxic not found"); };
  const client = {
    url: "http://127.0.0.1:8474",
    proxy: async (name: string): Promise<RemoteProxy> => ({ name, listen: "127.0.0.1:1", upstream: "127.0.0.1:2", enabled: true, toxics: [...there.values()] }),
    toxics: async () => [...there.values()],
    addToxic: async (_proxy: string, { name = "", ttl, ...toxic }: NewToxic): Promise<RemoteToxic> => {
      asked.push(`add ${name}`);
      if (there.has(name)) throw new ChaosError("api-exists", "toxic already exists");
      const added = { name, stream: "downstream", toxicity: 1, attributes: {}, ...toxic, ...(leases && typeof ttl === "number" && { ttl }) };
      there.set(name, added);
      return added;
    },
    updateToxic: async (_proxy: string, name: string, { ttl }: ToxicChanges): Promise<RemoteToxic> => {
      asked.push(`renew ${name} for ${ttl}`);
      return there.get(name) ?? missing();
    },
    removeToxic: async (_proxy: string, name: string): Promise<void> => {
      asked.push(`remove ${name}`);
      if (!there.delete(name)) missing();
    },
  };
  return { there, asked, client, engine: new ToxiproxyEngine({ client, proxy: "payments", prefix: "chaos-1-", leaseMs: 10_000 }) };
}

const slow: NewToxic = { name: "chaos-1-slow", type: "latency" };

describe("faults of a remote proxy", () => {
  test("come and go, and leave what is somebody else's", async () => {
    const { engine, there } = server({ toxics: ["theirs"] });
    await engine.put([slow, { ...slow, name: "chaos-1-other" }]);
    expect([...there.keys()]).toEqual(["theirs", "chaos-1-slow", "chaos-1-other"]);
    await engine.remove(["chaos-1-slow"]);
    await engine.removeAll();
    expect([...there.keys()]).toEqual(["theirs"]);
  });

  test("that a killed run left are removed at the start, by their names", async () => {
    const { engine, there } = server({ toxics: ["theirs", "chaos-1-slow", "chaos-2-slow"] });
    expect(await engine.open()).toMatchObject({ left: ["chaos-1-slow"], proxy: { toxics: [{ name: "theirs" }, { name: "chaos-2-slow" }] } });
    expect([...there.keys()]).toEqual(["theirs", "chaos-2-slow"]);
  });

  test("are renewed where the server leases them, and only looked at where it does not: an update would draw connections anew", async () => {
    const [ours, theirs] = [server({ leases: true }), server()];
    for (const { engine } of [ours, theirs]) {
      await engine.put([slow]);
      await engine.confirm();
    }
    expect(ours.asked).toEqual(["add chaos-1-slow", "renew chaos-1-slow for 10000"]);
    expect(theirs.asked).toEqual(["add chaos-1-slow"]);
  });

  test.each([true, false])("that went by themselves are told, once (leases: %s)", async (leases) => {
    const { engine, there, asked } = server({ leases });
    await engine.put([slow]);
    there.clear();
    await expect(engine.confirm()).rejects.toMatchObject({ code: "remote-fault-lost" });
    await engine.remove(["chaos-1-slow"]);
    await engine.removeAll();
    await engine.put([slow]);
    there.clear();
    await expect(engine.remove(["chaos-1-slow"])).rejects.toMatchObject({ code: "remote-fault-lost" });
    await engine.removeAll();
    expect(asked.filter((what) => what.startsWith("remove"))).toEqual(["remove chaos-1-slow"]);
  });

  test("of which one could not be put are all removed in the end", async () => {
    const { engine, there, asked } = server({ toxics: ["chaos-1-b"] });
    await expect(engine.put([slow, { ...slow, name: "chaos-1-b" }])).rejects.toMatchObject({ code: "api-exists" });
    await engine.removeAll();
    expect([...there.keys()]).toEqual([]);
    expect(asked.filter((what) => what.startsWith("remove"))).toEqual(["remove chaos-1-slow", "remove chaos-1-b"]);
  });

  test("that could not be removed are tried again, and told", async () => {
    const { engine, client, there } = server();
    await engine.put([slow]);
    const { removeToxic } = client;
    client.removeToxic = async () => { throw new ChaosError("api-unreachable", "nothing listens there"); };
    await expect(engine.remove(["chaos-1-slow"])).rejects.toMatchObject({ code: "api-unreachable" });
    await expect(engine.removeAll()).rejects.toMatchObject({ code: "api-unreachable" });
    client.removeToxic = removeToxic;
    await engine.removeAll();
    expect(there.size).toBe(0);
  });
});
