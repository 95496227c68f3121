import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectionFault, startPlane } from "../integration/plane.ts";
import { freePort } from "../support/toxiproxy.ts";
import { findProgram, makeFolder, missing, runProgram, startServer } from "./servers.ts";

const why = missing(["mosquitto", "mosquitto_pub", "mosquitto_sub"], "mosquitto mosquitto-clients");

describe.skipIf(why !== undefined)(`An MQTT broker (mosquitto) behind the tcp lane${why === undefined ? "" : `, ${why}`}`, () => {
  const undo: (() => unknown)[] = [];
  let plane: Awaited<ReturnType<typeof startPlane>>;
  let brokerPort: number;

  beforeAll(async () => {
    const folder = makeFolder();
    undo.push(folder.remove);
    brokerPort = await freePort();
    const config = `${folder.path}/mosquitto.conf`;
    writeFileSync(config, `listener ${brokerPort} 127.0.0.1\nallow_anonymous true\nmessage_size_limit 0\n`);
    const server = await startServer(findProgram("mosquitto") ?? "", ["-c", config], brokerPort);
    undo.push(server.stop);
    plane = await startPlane({ upstreamPort: brokerPort });
    undo.push(() => plane.engine.stop());
  });
  afterEach(() => plane.engine.lift({ release: true }));
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
  });

  const publish = (port: number, message: string | Buffer): Promise<Buffer> => runProgram("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(port), "-t", "news", "-q", "1", "-r", "-s"], { input: Buffer.from(message) });

  /** A subscriber through the proxy that ends after so many messages; the retained one tells that it is there. */
  function subscribe(count: number, ...more: readonly string[]) {
    const child = spawn(findProgram("mosquitto_sub") ?? "", ["-h", "127.0.0.1", "-p", String(plane.port), "-t", "news", "-q", "1", "-C", String(count), "-N", ...more], { stdio: ["ignore", "pipe", "pipe"] });
    undo.push(() => child.kill());
    const got: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => got.push(bytes));
    return { child, text: () => Buffer.concat(got).toString(), ended: once(child, "close") };
  }

  it("delivers what is published, whole and in order, through a slicer and a narrow path", async () => {
    await publish(brokerPort, "first");
    await plane.engine.setFaults([connectionFault("slicer", { size: "300B", variation: "200B" }, {}, "both"), connectionFault("bandwidth", { throughput: "2MB/s" }, {}, "both")], 1);
    const subscriber = subscribe(2);
    await expect.poll(subscriber.text).toBe("first");
    const large = "x".repeat(400_000);
    await publish(plane.port, large);
    await subscriber.ended;
    expect(subscriber.text()).toBe(`first${large}`);
  });

  it("a subscriber that was cut dials again when the broker is back, and hears what was kept for it", async () => {
    await publish(brokerPort, "before");
    const subscriber = subscribe(2);
    await expect.poll(subscriber.text).toBe("before");
    await plane.engine.setFaults([connectionFault("down", {})], 1);
    await publish(brokerPort, "meanwhile");
    await plane.engine.lift({ release: true });
    await subscriber.ended;
    expect(subscriber.text()).toBe("beforemeanwhile");
  });
});
