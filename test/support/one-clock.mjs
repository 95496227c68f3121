// A worker thread that tells the time by the clock of its env, and sends records as fast as there is room.
import { parentPort, workerData } from "node:worker_threads";
import { roomForRecords } from "../../dist/proxy/record-credit.js";
import { createEnvFrom } from "../../dist/proxy/worker-env.js";

const env = createEnvFrom(workerData.startNs);
const waitForRoom = roomForRecords(workerData.taken);

parentPort.on("message", ({ batches }) => {
  if (batches === undefined) return parentPort.postMessage({ nowMs: env.nowMs() });
  for (let i = 0; i < batches; i += 1) {
    waitForRoom(64);
    Atomics.add(workerData.sent, 0, 64);
  }
});
