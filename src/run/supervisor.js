/**
 * Stands between chaos and its processes, as a process of its own that leads its own group: when the channel to chaos closes,
 * however chaos ended, every process group in its care is ended (SIGTERM, then SIGKILL). Plain JavaScript without imports of ours,
 * because it is started as a file by Node itself.
 *
 * From chaos: `start` (one service, its output is ours) · `watch`, `forget` (a group that chaos started) · `signal` (to all in its care) · `stop`.
 * To chaos: `started` · `not-started` · `signalled` (`isThere`: to somebody) · `exited` · `ended` (every group is gone, but for those in `left`).
 *
 * @typedef {{ kind: "start", file: string, args: string[], shell: boolean, cwd: string, env: Record<string, string>, stopWithinMs: number }
 *   | { kind: "watch", pid: number } | { kind: "forget", pid: number } | { kind: "signal", signal: NodeJS.Signals } | { kind: "stop" }} Request
 */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 20;
/** After SIGKILL only the kernel is to be waited for. */
const killedWithinMs = 2_000;

/** Process groups in our care, and how long they have between SIGTERM and SIGKILL. @type {Map<number, number>} */
const groups = new Map();
/** Of what we started: its exit has been told. @type {Map<number, Promise<void>>} */
const exits = new Map();
let ending = false;

/** @param {Extract<Request, { kind: "start" }>} request */
function start({ file, args, shell, cwd, env, stopWithinMs }) {
  // Detached: the service leads a group, which its children share.
  const child = spawn(file, args, { shell, cwd, env, detached: true, stdio: ["ignore", "inherit", "inherit"] });
  const { pid } = child;
  child.once("error", (error) => tell({ kind: "not-started", message: error.message }));
  if (pid === undefined) return;
  groups.set(pid, stopWithinMs);
  tell({ kind: "started", pid });
  exits.set(pid, new Promise((told) => {
    child.once("exit", (code, signal) => {
      tell({ kind: "exited", ...(code === null ? {} : { code }), ...(signal === null ? {} : { signal }) });
      told();
      // What a service leaves running is not to outlive it.
      void endGroup(pid, stopWithinMs);
    });
  }));
}

/**
 * Whether a group has a process that runs. A zombie that nobody reaps answers signals too: where there is /proc, it tells.
 * @param {number} pgid
 */
function isAlive(pgid) {
  try {
    process.kill(-pgid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  if (process.platform !== "linux") return true;
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isLivingMember(name, pgid));
}

/** @param {string} pid @param {number} pgid */
function isLivingMember(pid, pgid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything: state, parent, group.
    const [state = "", , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group) === pgid && state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

/** Returns whether there was anybody. @param {number} pgid @param {NodeJS.Signals} signal */
function signalGroup(pgid, signal) {
  try {
    return process.kill(-pgid, signal);
  } catch {
    // Gone already.
    return false;
  }
}

/** Resolves to whether the group is gone. @param {number} pgid @param {number} graceMs */
async function endGroup(pgid, graceMs) {
  signalGroup(pgid, "SIGTERM");
  // One that stands still hears nothing but SIGKILL.
  signalGroup(pgid, "SIGCONT");
  if (!(await isGoneWithin(pgid, graceMs))) {
    signalGroup(pgid, "SIGKILL");
    if (!(await isGoneWithin(pgid, killedWithinMs))) return false;
  }
  groups.delete(pgid);
  // Gone for the kernel is not yet told by Node.
  await exits.get(pgid);
  return true;
}

/** @param {number} pgid @param {number} withinMs */
async function isGoneWithin(pgid, withinMs) {
  const untilMs = performance.now() + withinMs;
  while (isAlive(pgid)) {
    if (performance.now() >= untilMs) return false;
    await sleep(pollMs);
  }
  return true;
}

async function endAll() {
  if (ending) return;
  ending = true;
  const mine = [...groups];
  const gone = await Promise.all(mine.map(([pgid, graceMs]) => endGroup(pgid, graceMs)));
  tell({ kind: "ended", left: mine.flatMap(([pgid], i) => (gone[i] === true ? [] : [pgid])) }, () => process.exit(0));
  if (!process.connected) process.exit(0);
}

/** @param {object} message @param {() => void} [sent] */
function tell(message, sent) {
  if (process.connected) process.send?.(message, undefined, {}, () => sent?.());
}

process.on("message", (/** @type {Request} */ request) => {
  switch (request.kind) {
    case "start": return start(request);
    case "watch": return void groups.set(request.pid, 0);
    case "forget": return void groups.delete(request.pid);
    case "signal": return tell({ kind: "signalled", isThere: [...groups.keys()].map((pgid) => signalGroup(pgid, request.signal)).includes(true) });
    case "stop": return void endAll();
  }
});
process.on("disconnect", () => void endAll());
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(signal, () => void endAll());
