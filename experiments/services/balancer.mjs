// A client-side balancer: POST /pay charges at one of UPSTREAMS (URLs with commas between), in turn, and answers
//   200 { status: "paid", by }   with the place of the one that took the charge,
//   502 { status: "failed" }     when two of them did not.
// GET /health/live.
//
// A charge that fails (a refused or lost connection, 5xx, nothing in 300 ms) is made once more at the next one. One that failed 3 times in
// a row is ejected for 2 s, then for 4 s, 6 s, …; the last one that is left is never ejected. Calls carry the traceparent of their request.
//
// Switches, each the defect of a story: EJECTION=off · BALANCE=skewed (seven of eight charges go to the first)
import { servePay } from "./pay.mjs";

const { UPSTREAMS, EJECTION, BALANCE } = process.env;
const upstreams = UPSTREAMS.split(",").map((url, place) => ({ url, place, failures: 0, ejections: 0, outUntilMs: 0 }));
let turn = 0;

function choose(except) {
  const nowMs = performance.now();
  const others = upstreams.filter((upstream) => upstream !== except);
  const able = others.filter(({ outUntilMs }) => outUntilMs <= nowMs);
  const among = able.length > 0 ? able : others;
  // A second try takes nobody's turn.
  if (except === undefined) turn += 1;
  if (BALANCE === "skewed") return turn % 8 === 0 ? among.at(-1) : among[0];
  return among[turn % among.length];
}

function report(upstream, ok) {
  upstream.failures = ok ? 0 : upstream.failures + 1;
  if (ok || EJECTION === "off" || upstream.failures < 3) return;
  const nowMs = performance.now();
  if (upstreams.filter(({ outUntilMs }) => outUntilMs <= nowMs).length < 2) return;
  upstream.failures = 0;
  upstream.ejections += 1;
  upstream.outUntilMs = nowMs + 2000 * upstream.ejections;
}

async function charge(upstream, { order, amount }, traceparent) {
  try {
    const response = await fetch(`${upstream.url}/charges`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": order, ...(traceparent && { traceparent }) },
      body: JSON.stringify({ order, amount }),
      signal: AbortSignal.timeout(300),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`upstream ${upstream.place} answered ${response.status}`);
    report(upstream, true);
    return upstream.place;
  } catch (error) {
    report(upstream, false);
    throw error;
  }
}

async function pay(order, traceparent) {
  const first = choose();
  try {
    return await charge(first, order, traceparent);
  } catch {
    return charge(choose(first), order, traceparent);
  }
}

servePay("balancer", 4004, pay);
