import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventsIn, fixture, isListening, isRunning, scratchFolder } from "../support/chaos.ts";

const bin = fileURLToPath(new URL("../../bin/chaos.js", import.meta.url));
let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

describe("a disk that is full in the middle of a run", () => {
  test("ends the run with 6, says so, and leaves nothing behind", async () => {
    const journal = folder.file("journal.ndjson");
    // Files of this process may grow to 32 blocks, which is as good as a full disk.
    const { exitCode, stderr } = await execa("sh", ["-c", 'ulimit -f 32; exec "$0" "$@"', process.execPath, bin, "run", fixture("shop.yaml"), "--var", "during=60s", "--var", "steady=0%", "--journal", journal], { cwd: folder.path, reject: false });
    expect(stderr).toMatch(/the journal cannot be written/);
    expect(exitCode).toBe(6);
    const events = await eventsIn(journal);
    const started = events.flatMap((event) => (event.kind === "service-started" ? [event] : []));
    expect(started.length).toBe(2);
    expect(events.some(({ kind }) => kind === "ended")).toBe(false);
    expect(started.filter(({ pid }) => isRunning(pid))).toEqual([]);
    for (const { port } of started) expect(await isListening(port ?? 0)).toBe(false);
  });
});
