import { beforeEach, describe, expect, test } from "vitest";
import { parseProxyFile } from "../../../src/experiment/index.ts";
import { controlRig, refusal } from "./a-switchboard.ts";
import type { ControlRig } from "./a-switchboard.ts";

let rig: ControlRig;
beforeEach(() => {
  rig = controlRig();
});

async function replace(text: string): Promise<void> {
  const { proxies, issues } = parseProxyFile(text, { file: "proxies.yaml", env: {} });
  expect(issues).toEqual([]);
  await rig.control.replaceFile(proxies ?? []);
}

const first = `
proxies:
  a: { upstream: x:1, listen: 127.0.0.1:7001 }
  b: { upstream: http://x:2, listen: 127.0.0.1:7002, limits: { connections: 9 } }
faults:
  - { type: error, proxy: b, status: 503, rate: 10% }
`;

describe("a file of proxies", () => {
  test("is served as it says, each with its faults from its first connection on", async () => {
    await replace(first);
    expect(rig.board.told).toEqual(["open a", "open b"]);
    expect(rig.board.open_.get("b")?.config).toMatchObject({ lane: "http1", upstream: { host: "x", port: 2 }, limits: { connections: 9 } });
    expect(rig.board.faultsOn("b")).toMatchObject([{ type: "error", params: { status: 503 } }]);
    expect(rig.control.proxy("b")).toMatchObject({ upstream: "http://x:2", toxics: [{ type: "http_error", toxicity: 0.1, attributes: { status: 503 } }] });
    expect(rig.events.map(({ change }) => change)).toEqual(["created", "created"]);
  });

  test("that says the same again touches nothing, and on any port keeps the one that it has", async () => {
    await replace(`${first}  - { type: down, proxy: a, from: 1h }\n`);
    await replace("[{ name: anywhere, upstream: x:3 }]");
    rig.board.told.length = 0;
    await replace(`${first}  - { type: down, proxy: a, from: 1h }\n`);
    await replace("[{ name: anywhere, upstream: x:3 }]");
    expect(rig.board.told).toEqual([]);
    expect(rig.control.proxy("anywhere")).toMatchObject({ listen: "[::]:40001" });
  });

  test("changes faults without touching connections, and takes away what was added by hand", async () => {
    await replace(first);
    await rig.control.addToxic("b", '{"type":"latency","ttl":1000}');
    await rig.control.addToxic("a", '{"type":"latency"}');
    rig.board.told.length = 0;
    await replace(first.replace("503", "500"));
    expect(rig.board.told).toEqual(["change a", "change b"]);
    expect(rig.board.faultsOn("a")).toEqual([]);
    expect(rig.board.faultsOn("b")).toMatchObject([{ params: { status: 500 } }]);
    expect(rig.clock.armed).toBe(0);
  });

  test("leaves proxies that are not of it as they are", async () => {
    await rig.control.create('{"name":"mine","listen":"127.0.0.1:0","upstream":"x:9"}');
    await replace(first);
    await replace("proxies: {}");
    expect([...rig.control.list().keys()]).toEqual(["a", "b", "mine"]);
  });

  test("moves what moves, two that change places too", async () => {
    await replace(first);
    rig.board.told.length = 0;
    await replace(first.replace("7001", "7000").replace("7002", "7001").replace("7000", "7002"));
    expect(rig.board.told).toEqual(["close a", "close b", "open a", "open b"]);
    expect([...rig.control.list().values()]).toMatchObject([{ listen: "127.0.0.1:7002" }, { listen: "127.0.0.1:7001" }]);
  });

  test("disables and enables", async () => {
    await replace(first);
    await replace("proxies:\n  a: { upstream: x:1, listen: 127.0.0.1:7001, enabled: false }\n");
    expect(rig.control.proxy("a")).toMatchObject({ enabled: false, listen: "127.0.0.1:7001" });
    await replace("proxies:\n  a: { upstream: x:1, listen: 127.0.0.1:7001 }\n");
    expect(rig.control.proxy("a")).toMatchObject({ enabled: true });
  });

  test("whose first proxies cannot listen leaves nothing behind", async () => {
    rig.board.taken.add("127.0.0.1:7002");
    expect(await refusal(replace(first))).toEqual([500, "listen tcp 127.0.0.1:7002: bind: address already in use"]);
    expect(rig.control.list().size).toBe(0);
    expect(rig.board.open_.size).toBe(0);
  });

  test("of which one cannot listen changes nothing, and touches no connection of what is served", async () => {
    await replace(first);
    rig.board.taken.add("127.0.0.1:7009");
    const before = rig.control.list();
    rig.board.told.length = 0;
    expect(await refusal(replace(first.replace("503", "500").replace("x:1", "y:1").replace("7002", "7009")))).toEqual([500, "listen tcp 127.0.0.1:7009: bind: address already in use"]);
    expect(rig.control.list()).toEqual(before);
    expect(rig.board.told).toEqual([]);
  });

  test("of which a part fails in the very moment is undone, in the opposite order", async () => {
    await replace(first);
    const before = rig.control.list();
    rig.board.refusal = async () => undefined;
    rig.board.taken.add("127.0.0.1:7009");
    rig.board.told.length = 0;
    expect(await refusal(replace(first.replace("x:1", "y:1").replace("7002", "7009")))).toEqual([500, "listen tcp 127.0.0.1:7009: bind: address already in use"]);
    expect(rig.board.told).toEqual(["close a", "close b", "open a", "open b", "close a", "open b", "open a"]);
    expect(rig.control.list()).toEqual(before);
    expect(rig.board.open_.get("a")?.config.upstream).toEqual({ host: "x", port: 1 });
    expect(rig.board.faultsOn("b")).toHaveLength(1);
  });

  test("that cannot be undone says so, and tells what serves no longer", async () => {
    await replace(first);
    rig.board.refusal = async () => undefined;
    rig.board.taken.add("127.0.0.1:7009").add("127.0.0.1:7002");
    expect(await refusal(replace(first.replace("7002", "7009")))).toEqual([500, "listen tcp 127.0.0.1:7009: bind: address already in use; and what was before could not be restored: listen tcp 127.0.0.1:7002: bind: address already in use"]);
    expect(rig.control.proxy("b")).toMatchObject({ enabled: false });
  });

  test("waits for changes of its proxies that are under way, and they for it", async () => {
    await replace(first);
    let release = (): void => undefined;
    rig.board.hold = new Promise((resolve) => (release = resolve));
    const adding = rig.control.addToxic("a", '{"type":"latency"}');
    const replacing = replace(first);
    const after = rig.control.addToxic("b", '{"type":"timeout"}');
    release();
    await Promise.all([adding, replacing, after]);
    expect(rig.control.toxics("a")).toEqual([]);
    expect(rig.control.toxics("b")).toHaveLength(2);
  });
});
