import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeRunFolder, nameRun } from "../../src/run/run-folder.ts";

let folder = "";
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), "chaos-folder-")); });
afterEach(() => rm(folder, { recursive: true }));

async function oldRun(name: string, ageMs: number): Promise<void> {
  const path = join(folder, ".chaos", name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "journal.ndjson"), "{}\n");
  const at = new Date(Date.now() - ageMs);
  await utimes(join(path, "journal.ndjson"), at, at);
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `20260101-0000${String(i).padStart(2, "0")}-abcdef`);

describe("nameRun", () => {
  test("sorts by time and differs within one second", () => {
    const at = new Date("2026-03-04T05:06:07.890Z");
    expect(nameRun(at)).toMatch(/^20260304-050607-[0-9a-f]{6}$/);
    expect(nameRun(at)).not.toBe(nameRun(at));
  });
});

describe("makeRunFolder", () => {
  test("keeps the last 20 runs with the new one, and what is no run of ours", async () => {
    for (const name of names(25)) await oldRun(name, 3_600_000);
    await mkdir(join(folder, ".chaos", "notes"));
    const path = await makeRunFolder(folder, "20270101-000000-abcdef");
    expect(path).toBe(join(folder, ".chaos", "20270101-000000-abcdef", "journal.ndjson"));
    const left = await readdir(join(folder, ".chaos"));
    expect(left.sort()).toEqual([...names(25).slice(6), "20270101-000000-abcdef", "notes"]);
  });

  test("leaves a run alone that was written to a moment ago", async () => {
    for (const name of names(21)) await oldRun(name, 1_000);
    await makeRunFolder(folder, "20270101-000000-abcdef");
    expect((await readdir(join(folder, ".chaos"))).length).toBe(22);
  });

  test("throws where no folder can be made", async () => {
    await writeFile(join(folder, ".chaos"), "");
    await expect(makeRunFolder(folder, "20270101-000000-abcdef")).rejects.toMatchObject({ code: "journal-unwritable" });
  });
});
