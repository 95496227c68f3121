/** Load in connections: many that are held open, each with one exchange done, and new ones one after the other. */
import { connect } from "node:net";
import { serve } from "./program.mjs";

const request = Buffer.from("GET /charges/1 HTTP/1.1\r\nhost: payments.test\r\naccept: application/json\r\n\r\n");
/** So many are dialled at a time: more would wait in the listener's queue. */
const atOnce = 128;

const held = [];

serve({}, (job) => jobs[job.kind](job));

const jobs = {
  /** Opens so many, does one exchange on each, and keeps them. */
  async hold({ port, connections }) {
    await side(atOnce, connections, async () => held.push(await exchangeOn(port)));
    return {};
  },

  async drop() {
    await Promise.all(held.splice(0).map(close));
    return {};
  },

  /** Opens so many one after the other, `atOnce` side by side: each does one exchange and is closed. */
  async churn({ port, connections }) {
    const startMs = performance.now();
    await side(32, connections, async () => close(await exchangeOn(port)));
    return { perSecond: (connections * 1000) / (performance.now() - startMs) };
  },
};

/** Does something so many times, so many of them side by side. */
async function side(lanes, times, action) {
  let left = times;
  await Promise.all(Array.from({ length: lanes }, async () => {
    while (left-- > 0) await action();
  }));
}

/** A connection on which one exchange has been done. */
function exchangeOn(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let answer = "";
    const onData = (bytes) => {
      answer += bytes.toString("latin1");
      const head = answer.indexOf("\r\n\r\n");
      if (head < 0 || answer.length < head + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(answer)?.[1])) return;
      socket.off("data", onData);
      socket.resume();
      if (answer.startsWith("HTTP/1.1 200")) resolve(socket);
      else reject(new Error(`expected an answer 200, got ${answer.slice(0, 200)}`));
    };
    socket.on("data", onData);
    socket.on("error", reject);
    socket.write(request);
  });
}

function close(socket) {
  return new Promise((resolve) => {
    socket.once("close", resolve);
    socket.end();
  });
}
