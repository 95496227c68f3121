import { readFileSync, readdirSync } from "node:fs";

/** Process ids of all that run with a variable of this value in their environment. Linux only; zombies have no environment. */
export function processesWith(name: string, value: string): readonly number[] {
  const entry = `${name}=${value}`;
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry);
    } catch {
      return false;
    }
  }).map(Number);
}

/** The parent of a process. Linux only. */
export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Letter of the state of a process: T stands still. Linux only. */
export function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}
