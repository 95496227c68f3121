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
/** Those that stand still, of all that have left the group that they descend from. @type {Set<number>} */
const halted = new Set();
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
  const found = lookAt(pid);
  return found !== undefined && found.group === pgid;
}

/** A process that has not ended. @param {string} pid */
function lookAt(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything: state, parent, group.
    const [state = "", parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : { pid: Number(pid), parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

/**
 * Those that descend from a group and have left it for a session of their own, as those that serve a connection of PostgreSQL do. Linux only.
 * @param {number} pgid
 */
function straysOf(pgid) {
  if (process.platform !== "linux") return [];
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? lookAt(name) ?? [] : []));
  const family = new Set(all.filter(({ group }) => group === pgid).map(({ pid }) => pid));
  for (let known = 0; known < family.size; ) {
    known = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.filter(({ pid, group }) => group !== pgid && family.has(pid)).map(({ pid }) => pid);
}

/**
 * To a group; and to those that have left it what no process hears, and so none can tell its children. Returns whether there was anybody.
 * @param {number} pgid @param {NodeJS.Signals} signal
 */
function signalFamily(pgid, signal) {
  // Asked first: whose parent has ended is nobody's any more.
  const strays = signal === "SIGKILL" ? straysOf(pgid) : [];
  const isThere = signalGroup(pgid, signal);
  for (const pid of strays) signalOne(pid, signal);
  if (signal === "SIGSTOP") haltStrays(pgid);
  if (signal === "SIGCONT") {
    for (const pid of halted) signalOne(pid, signal);
    halted.clear();
  }
  return isThere;
}

/** @param {number} pgid */
function haltStrays(pgid) {
  // One that did not stand still yet may have started another meanwhile.
  for (let found = straysOf(pgid); found.length > 0; found = straysOf(pgid).filter((pid) => !halted.has(pid))) {
    for (const pid of found) {
      signalOne(pid, "SIGSTOP");
      halted.add(pid);
    }
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalOne(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
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
  signalFamily(pgid, "SIGCONT");
  if (!(await isGoneWithin(pgid, graceMs))) {
    signalFamily(pgid, "SIGKILL");
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
    case "signal": return tell({ kind: "signalled", isThere: [...groups.keys()].map((pgid) => signalFamily(pgid, request.signal)).includes(true) });
    case "stop": return void endAll();
  }
});
process.on("disconnect", () => void endAll());
for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(signal, () => void endAll());
