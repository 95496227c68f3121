import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectionFault, startPlane } from "../integration/plane.ts";
import { freePort } from "../support/toxiproxy.ts";
import { asUser, findProgram, makeFolder, missing, runProgram, startServer } from "./servers.ts";

const why = missing(["initdb", "postgres"], "postgresql");

describe.skipIf(why !== undefined)(`PostgreSQL behind the tcp lane${why === undefined ? "" : `, ${why}`}`, () => {
  const undo: (() => unknown)[] = [];
  const perTest: (() => unknown)[] = [];
  let plane: Awaited<ReturnType<typeof startPlane>>;

  beforeAll(async () => {
    const folder = makeFolder();
    undo.push(folder.remove);
    const data = `${folder.path}/data`;
    const port = await freePort();
    await runProgram(...asUser("postgres", findProgram("initdb") ?? "", ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]));
    const server = await startServer(...asUser("postgres", findProgram("postgres") ?? "", ["-D", data, "-p", String(port), "-k", folder.path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]), port);
    undo.push(server.stop);
    plane = await startPlane({ upstreamPort: port });
    undo.push(() => plane.engine.stop());
    // Its port answers before it does.
    for (let isUp = false; !isUp; ) isUp = await ask("select 1").then(() => true, () => false);
  });
  afterEach(async () => {
    await plane.engine.lift({ release: true });
    for (const action of perTest.splice(0)) await action();
  });
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
  });

  async function connected(): Promise<pg.Client> {
    const client = new pg.Client({ host: "127.0.0.1", port: plane.port, user: "postgres", database: "postgres" });
    client.on("error", () => undefined);
    await client.connect();
    perTest.push(() => client.end().catch(() => undefined));
    return client;
  }

  async function ask(sql: string): Promise<pg.QueryResult> {
    const client = await connected();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  }

  async function timeOf(action: () => Promise<unknown>): Promise<number> {
    const startMs = plane.env.nowMs();
    await action();
    return plane.env.nowMs() - startMs;
  }

  it("gives 100,000 rows as they are, through a slicer, a narrow path and latency", async () => {
    const sql = "select n, md5(n::text) as hash from generate_series(1, 100000) as n";
    const { rows } = await ask(sql);
    await plane.engine.setFaults([connectionFault("slicer", { size: "700B", variation: "600B" }), connectionFault("bandwidth", { throughput: "20MB/s" }), connectionFault("latency", { delay: "20ms", jitter: "10ms" })], 1);
    expect((await ask(sql)).rows).toEqual(rows);
    expect(rows).toHaveLength(100_000);
  });

  it("makes a query that is under way on an open connection late, and the next one not", async () => {
    const client = await connected();
    await client.query("select 1");
    await plane.engine.setFaults([connectionFault("latency", { delay: "300ms" })], 1);
    expect(await timeOf(() => client.query("select 1"))).toBeGreaterThanOrEqual(300);
    await plane.engine.lift({ release: true });
    expect(await timeOf(() => client.query("select 1"))).toBeLessThan(300);
  });

  it("resets a client in the middle of an answer", async () => {
    const client = await connected();
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "200KB", end: "reset" })], 1);
    await expect(client.query("select md5(n::text) from generate_series(1, 1000000) as n")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("refuses while it is down, and serves again afterwards", async () => {
    await plane.engine.setFaults([{ ...connectionFault("down", {}) }], 1);
    await expect(connected()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await plane.engine.lift({ release: true });
    expect((await ask("select 2 as two")).rows).toEqual([{ two: 2 }]);
  });
});
