/** The load generator: raw sockets, so that it costs little and hides nothing. */
import { connect } from "node:net";
import { serve } from "./program.mjs";

const payload = JSON.stringify({ order: "order-000001", amount: 12, currency: "EUR", card: "tok_visa_4242", idempotent: true });
const request = Buffer.from(
  `POST /charges HTTP/1.1\r\nhost: payments.test\r\nuser-agent: bench\r\naccept: application/json\r\ntraceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\n` +
    `content-type: application/json\r\ncontent-length: ${payload.length}\r\nidempotency-key: 0123456789\r\n\r\n${payload}`,
);

serve({}, (job) => jobs[job.kind](job));

const jobs = {
  /** As many requests as will go: one outstanding on each connection. */
  async closed({ port, connections, warmupMs, ms }) {
    const clients = await openAll(port, connections);
    const startMs = performance.now() + warmupMs;
    const endMs = startMs + ms;
    const latencies = [];
    await Promise.all(clients.map(async (client) => {
      for (let sentMs = performance.now(); sentMs < endMs; sentMs = performance.now()) {
        await client.call(request);
        const doneMs = performance.now();
        if (doneMs >= startMs && doneMs < endMs) latencies.push(doneMs - sentMs);
      }
    }));
    closeAll(clients);
    return { perSecond: (latencies.length * 1000) / ms, ...quantiles(latencies) };
  },

  /** A block of requests, one after the other on one connection. */
  async serial({ port, requests }) {
    const [client] = await openAll(port, 1);
    const latencies = [];
    for (let i = 0; i < requests; i++) {
      const sentMs = performance.now();
      await client.call(request);
      if (i >= requests / 10) latencies.push(performance.now() - sentMs);
    }
    client.close();
    return quantiles(latencies);
  },

  /** So many requests per second whatever the answers do, each on a connection that is free; those of the warm-up, which open connections, are not counted. */
  async open({ port, perSecond, warmupMs = 0, ms }) {
    const free = await openAll(port, Math.ceil(perSecond * 0.2));
    const all = [...free];
    const startMs = performance.now();
    const latencies = [];
    const running = [];
    let starved = 0;
    for (let i = 0; (i * 1000) / perSecond < warmupMs + ms; i++) {
      const dueMs = startMs + (i * 1000) / perSecond;
      while (performance.now() < dueMs) await new Promise((resolve) => setTimeout(resolve, 1));
      const client = free.shift();
      if (client === undefined) starved += 1;
      else running.push(timeCall(client, dueMs < startMs + warmupMs ? [] : latencies).then(() => free.push(client)));
    }
    await Promise.all(running);
    closeAll(all);
    return { ...quantiles(latencies), starved, count: latencies.length };
  },

  /** One long answer. */
  async bulk({ port, bytes }) {
    const [client] = await openAll(port, 1);
    const sentMs = performance.now();
    await client.call(Buffer.from(`GET /bulk/${bytes} HTTP/1.1\r\nhost: payments.test\r\n\r\n`));
    const seconds = (performance.now() - sentMs) / 1000;
    client.close();
    return { megabytesPerSecond: bytes / 1e6 / seconds };
  },
};

async function timeCall(client, latencies) {
  const sentMs = performance.now();
  await client.call(request);
  latencies.push(performance.now() - sentMs);
}

/** A connection that does one call after the other: it reads the head for its content-length, then counts bytes. */
function openOne(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let head = "";
    let left = 0;
    let done;
    socket.on("data", (bytes) => {
      if (left > 0) left -= bytes.length;
      else {
        head += bytes.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = /\r\ncontent-length: *(\d+)/i.exec(head);
        if (!head.startsWith("HTTP/1.1 200") || length === null) throw new Error(`expected an answer 200 with a length, got ${head.slice(0, 200)}`);
        left = end + 4 + Number(length[1]) - head.length;
        head = "";
      }
      if (left === 0) done();
    });
    socket.on("error", reject);
    socket.on("connect", () => resolve({
      call: (bytes) => new Promise((resolve) => {
        done = resolve;
        socket.write(bytes);
      }),
      close: () => socket.destroy(),
    }));
  });
}

const openAll = (port, count) => Promise.all(Array.from({ length: count }, () => openOne(port)));
const closeAll = (clients) => clients.forEach((client) => client.close());

function quantiles(latencies) {
  const sorted = Float64Array.from(latencies).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
