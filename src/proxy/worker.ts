/** The other side of data-plane-thread.ts: what runs in the data plane's own thread. It is started by its path, nothing imports it. */
import { parentPort, workerData } from "node:worker_threads";
import type { DataPlaneMessage, DataPlaneRequest } from "../model/data-plane.ts";
import { createDataPlane } from "./data-plane.ts";
import type { ThreadStart } from "./data-plane-thread.ts";
import { LoopWatch } from "./loop-watch.ts";
import { roomForRecords } from "./record-credit.ts";
import { createEnvFrom } from "./worker-env.ts";

if (parentPort === null) throw new Error("expected to be started as a worker thread");
const port = parentPort;
const { startNs, taken } = workerData as ThreadStart;
const env = createEnvFrom(startNs);
const waitForRoom = roomForRecords(taken);
const post = (message: DataPlaneMessage): void => {
  if (message.kind === "records") waitForRoom(message.records.length);
  port.postMessage(message);
};
const dataPlane = createDataPlane(env, createEnvFrom(startNs, { precise: true }));
dataPlane.onMessage(post);
port.on("message", (request: DataPlaneRequest) => dataPlane.send(request));
const watch = new LoopWatch({ env, thread: "data-plane", record: (record) => post({ kind: "records", records: [record] }) });
port.on("close", () => watch.stop());
