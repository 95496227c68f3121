/** Starting and ending the processes of a benchmark, and what they cost. */
import { execFileSync, fork, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const started = new Set();

function canPin() {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** With two cores and taskset, what is measured has a core of its own; load and upstream share the other. */
export const pinned = canPin();

/** Without a core it runs where the system puts it. */
function pin(pid, core) {
  if (pinned && core !== undefined) execFileSync("taskset", ["-acp", String(core), String(pid)], { stdio: "ignore" });
}

function keep(child) {
  started.add(child);
  child.on("exit", () => started.delete(child));
  return child;
}

/** A program of this folder in a process of its own: resolves when it has said that it is ready. */
export async function startProgram(file, argument, { core, flags = [] }) {
  const child = keep(fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(argument)], { execArgv: flags }));
  const hello = await answer(child);
  pin(child.pid, core);
  return { port: hello.port, pid: child.pid, ask: (request) => ask(child, request), stop: () => stop(child) };
}

/** A foreign server; `ready` resolves when it can be reached. */
export async function startServer(command, args, { core, port, ready }) {
  const child = keep(spawn(command, args, { stdio: "ignore" }));
  pin(child.pid, core);
  await ready();
  return { port, pid: child.pid, ask: async () => undefined, stop: () => stop(child) };
}

async function ask(child, request) {
  const reply = answer(child);
  child.send(request);
  return reply;
}

function answer(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code) => reject(new Error(`${child.spawnargs.at(-2)} ended with code ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}

function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

export async function stopAll() {
  await Promise.all([...started].map(stop));
}

/** Processor time that a process has used so far, seconds; undefined where there is no /proc. A tick is 10 ms. */
export function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

/** Resident memory of a process, MB; NaN where there is no /proc. */
export function rssMegabytes(pid) {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
