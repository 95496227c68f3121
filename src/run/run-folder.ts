import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ChaosError } from "../model/error.ts";

const folder = ".chaos";
const kept = 20;
/** A journal that was written to so lately may belong to a run that goes on. */
const restingMs = 60_000;

/** Names a run: `20260101-120000-1a2b3c`; sorts by time. */
export function nameRun(startedAt: Date): string {
  const [day = "", time = ""] = startedAt.toISOString().replaceAll(/[-:]/g, "").split("T");
  return `${day}-${time.slice(0, 6)}-${randomBytes(3).toString("hex")}`;
}

/** Makes `.chaos/<runId>/` under a folder and removes the oldest runs, so that 20 are kept; returns the journal's path. Throws ChaosError `journal-unwritable`. */
export async function makeRunFolder(under: string, runId: string): Promise<string> {
  const path = join(under, folder, runId);
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new ChaosError("journal-unwritable", `the journal cannot be written: ${error instanceof Error ? error.message : String(error)}`, { hint: "run where .chaos/ can be made, or say --journal PATH", cause: error });
  }
  await forgetOldRuns(join(under, folder));
  return join(path, "journal.ndjson");
}

async function forgetOldRuns(runs: string): Promise<void> {
  const names = (await readdir(runs)).filter((name) => /^\d{8}-\d{6}-[0-9a-f]{6}$/.test(name)).sort();
  for (const name of names.slice(0, -kept)) {
    const written = await stat(join(runs, name, "journal.ndjson")).catch(() => undefined);
    if (written === undefined || Date.now() - written.mtimeMs > restingMs) await rm(join(runs, name), { recursive: true, force: true });
  }
}
