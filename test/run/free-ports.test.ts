import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { holdFreePort, holdPort } from "../../src/run/free-ports.ts";
import type { HeldPort } from "../../src/run/free-ports.ts";

const held: HeldPort[] = [];
afterEach(async () => {
  for (const port of held.splice(0)) await port.release();
});

async function hold(port: Promise<HeldPort>): Promise<HeldPort> {
  const found = await port;
  held.push(found);
  return found;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => void server.close(() => resolve(true)));
  });
}

describe("holdFreePort", () => {
  test("gives a port below those of outgoing connections, which nobody else gets until it is released", async () => {
    const { port, release } = await hold(holdFreePort());
    expect(port).toBeGreaterThanOrEqual(15_000);
    expect(port).toBeLessThan(32_768);
    expect(await canListen(port)).toBe(false);
    await release();
    expect(await canListen(port)).toBe(true);
  });

  test("gives different ports to those who ask together", async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => hold(holdFreePort())));
    expect(new Set(ports.map(({ port }) => port)).size).toBe(50);
  });
});

describe("holdPort", () => {
  test("throws for a port that is taken, naming the service", async () => {
    const { port } = await hold(holdFreePort());
    await expect(holdPort(port, "shop")).rejects.toMatchObject({ code: "port-taken", message: `service shop cannot have port ${port}: another process holds it` });
  });

  test("can be released twice", async () => {
    const { port, release } = await holdFreePort();
    await release();
    await expect(release()).resolves.toBeUndefined();
    expect(await canListen(port)).toBe(true);
  });
});
