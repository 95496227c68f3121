// A gateway with an active provider and a standby: POST /pay charges at PRIMARY_URL, and answers
//   200 { status: "paid", by: "primary" }   when the active one took the charge,
//   200 { status: "paid", by: "standby" }   when it failed, hung, or was out, and STANDBY_URL took it,
//   502 { status: "failed" }                when neither did.
// GET /health/live.
//
// A charge that fails (a refused or lost connection, 5xx, nothing in 300 ms) is made again at the standby, in the same request, with the
// same key. After 3 failures in a row the active one is left alone; it is asked for its health every 250 ms, and used again when it has
// been well twice. Calls carry the traceparent of their request.
//
// Switches, each the defect of a story: FAILOVER=off · FAILBACK=off (whoever took over keeps the traffic) · FAILOVER=slow (out after 150 failures, and no second try)
import { servePay } from "./pay.mjs";

const { PRIMARY_URL, STANDBY_URL, FAILOVER, FAILBACK } = process.env;
const failuresToLeave = FAILOVER === "slow" ? 150 : 3;
let failures = 0;
let isOut = false;

async function charge(url, { order, amount }, traceparent) {
  const response = await fetch(`${url}/charges`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": order, ...(traceparent && { traceparent }) },
    body: JSON.stringify({ order, amount }),
    signal: AbortSignal.timeout(300),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return body;
}

/** The active provider as long as it is in use; then the standby. */
async function pay(order, traceparent) {
  if (!isOut) {
    try {
      await charge(PRIMARY_URL, order, traceparent);
      failures = 0;
      return "primary";
    } catch (error) {
      failures += 1;
      if (FAILOVER === "off") throw error;
      if (failures >= failuresToLeave) leave();
      if (FAILOVER === "slow") throw error;
    }
  }
  await charge(STANDBY_URL, order, traceparent);
  return "standby";
}

function leave() {
  if (isOut) return;
  isOut = true;
  if (FAILBACK !== "off") watchUntilWell();
}

function watchUntilWell() {
  let inARow = 0;
  const timer = setInterval(async () => {
    const isWell = await fetch(`${PRIMARY_URL}/health/ready`, { signal: AbortSignal.timeout(200) }).then(async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    }, () => false);
    inARow = isWell ? inARow + 1 : 0;
    if (inARow < 2 || !isOut) return;
    clearInterval(timer);
    isOut = false;
    failures = 0;
  }, 250);
}

servePay("gateway", 4003, pay);
