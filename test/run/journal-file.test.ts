import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChaosError } from "../../src/model/error.ts";
import type { Event } from "../../src/model/event.ts";
import { JournalFile, openJournal } from "../../src/run/journal-file.ts";
import type { Sink } from "../../src/run/journal-file.ts";
import { header } from "../journal/header.ts";
import { HeldClock } from "../proxy/held-clock.ts";

/** A disk that takes writes when it is told to. */
class SlowDisk implements Sink {
  readonly written: string[] = [];
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  isClosed = false;

  async appendFile(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => void this.#waiting.push({ resolve, reject }));
    this.written.push(Buffer.from(bytes).toString());
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  get writing(): number {
    return this.#waiting.length;
  }

  async take(): Promise<void> {
    this.#waiting.shift()?.resolve();
    await settled();
  }

  async fail(code: string): Promise<void> {
    this.#waiting.shift()?.reject(Object.assign(new Error(`${code}: no space left on device`), { code }));
    await settled();
  }
}

/** Lets promises that are settled be heard. */
async function settled(): Promise<void> {
  await new Promise((resolve) => { setImmediate(resolve); });
}

const event = (seq: number): Event => ({ kind: "max-duration", seq, atMs: seq });

function aFile(): { readonly disk: SlowDisk; readonly clock: HeldClock; readonly failures: ChaosError[]; readonly file: JournalFile } {
  const disk = new SlowDisk();
  const clock = new HeldClock();
  const failures: ChaosError[] = [];
  return { disk, clock, failures, file: new JournalFile(disk, { env: clock, onFailure: (error) => void failures.push(error) }) };
}

describe("JournalFile", () => {
  test("writes after 100 ms what has come, one write at a time, in order", async () => {
    const { disk, clock, file } = aFile();
    file.write(event(1));
    file.write(event(2));
    expect(disk.writing).toBe(0);
    clock.advance(100);
    expect(disk.writing).toBe(1);
    file.write(event(3));
    clock.advance(100);
    expect(disk.writing).toBe(1);
    await disk.take();
    expect(disk.writing).toBe(1);
    await disk.take();
    expect(disk.written.join("").split("\n").map((line) => /"seq":(\d)/.exec(line)?.[1])).toEqual(["1", "2", "3", undefined]);
    expect(clock.armed).toBe(0);
  });

  test("writes at once when 64 KiB wait", () => {
    const { disk, file } = aFile();
    const long: Event = { kind: "failed", seq: 1, atMs: 1, code: "x", message: "m".repeat(64 * 1024) };
    file.write(long);
    expect(disk.writing).toBe(1);
  });

  test("has written everything when it is closed", async () => {
    const { disk, file } = aFile();
    file.write(event(1));
    const closed = file.close();
    expect(disk.isClosed).toBe(false);
    await disk.take();
    await closed;
    expect(disk.isClosed).toBe(true);
    expect(disk.written.length).toBe(1);
  });

  test("tells of a full disk once, writes no more, and throws when it is closed", async () => {
    const { disk, clock, failures, file } = aFile();
    file.write(event(1));
    clock.advance(100);
    await disk.fail("ENOSPC");
    file.write(event(2));
    clock.advance(1000);
    expect(disk.writing).toBe(0);
    expect(failures).toMatchObject([{ code: "journal-unwritable", message: expect.stringContaining("ENOSPC") as string }]);
    await expect(file.close()).rejects.toMatchObject({ code: "journal-unwritable" });
    expect(disk.isClosed).toBe(true);
    expect(failures.length).toBe(1);
  });

  test("gives up a disk that lets more than 64 MiB wait", () => {
    const { failures, file } = aFile();
    const long: Event = { kind: "failed", seq: 1, atMs: 1, code: "x", message: "m".repeat(1024 * 1024) };
    for (let i = 0; i < 1 + 64; i++) file.write(long);
    expect(failures).toMatchObject([{ code: "journal-unwritable" }]);
  });
});

describe("openJournal", () => {
  let folder = "";
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), "chaos-journal-")); });
  afterAll(() => rm(folder, { recursive: true }));

  test("begins with the header, in place of what was there", async () => {
    const path = join(folder, "run.ndjson");
    await (await openJournal(path, { ...header, runId: "longer-than-the-other" })).close();
    await (await openJournal(path, header)).close();
    expect(await readFile(path, "utf8")).toBe(`${JSON.stringify(header)}\n`);
  });

  test("throws for a folder, and leaves it", async () => {
    await expect(openJournal(folder, header)).rejects.toMatchObject({ code: "journal-unwritable", hint: expect.stringContaining("--journal") as string });
    expect((await stat(folder)).isDirectory()).toBe(true);
  });
});
