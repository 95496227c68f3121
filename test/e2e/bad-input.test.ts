import { execa } from "execa";
import { rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chaos, fixture, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

const valid = `version: 1
title: A title
proxies:
  db: { upstream: "http://127.0.0.1:1" }
probes:
  shop: { type: http, url: "http://127.0.0.1:1/", load: 20/s, expect: { status: 200 } }
steadyState:
  - { probe: shop, success: ">= 90%" }
phases: { before: 1s, during: 1s, after: 1s }
faults:
  - { proxy: db, type: latency, delay: 1s }
`;

/** Expected in stderr: the place, and words of message or help. */
const wrong: readonly (readonly [claim: string, text: string, place: string, words: RegExp])[] = [
  ["what is not YAML", "version: 1\ntitle: [A title\n", "bad.yaml:", /not YAML/],
  ["a key that stands twice", valid.replace("title: A title", "title: A title\ntitle: Another"), "bad.yaml:3:1", /twice/],
  ["a bare number where a unit is needed", valid.replace("delay: 1s", "delay: 1000"), "bad.yaml:11:", /"1s"/],
  ["a wrong unit", valid.replace("delay: 1s", "delay: 1parsec"), "bad.yaml:11:", /expected a duration/],
  ["an unknown fault", valid.replace("type: latency", "type: latencyy"), "bad.yaml:11:", /did you mean "?latency/i],
  ["an unknown proxy", valid.replace("proxy: db", "proxy: bd"), "bad.yaml:11:", /did you mean "?db/i],
  ["a variable that is not defined", valid.replace("delay: 1s", 'delay: "${vars.dely}"'), "bad.yaml:11:", /vars\.dely/],
  ["neither steadyState nor hypotheses", valid.replace(/steadyState:\n.*\n/, ""), "bad.yaml", /steadyState/],
];

describe("run refuses, with 2, a place and help", () => {
  test.each(wrong)("%s", async (_claim, text, place, words) => {
    await writeFile(folder.file("bad.yaml"), text);
    const { exitCode, stdout, stderr } = await chaos(["run", "bad.yaml"], { cwd: folder.path });
    expect(stderr).toContain(place);
    expect(stderr).toMatch(words);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
  });

  test("a file that is not there", async () => {
    const { exitCode, stderr } = await chaos(["run", "missing.yaml"], { cwd: folder.path });
    expect(stderr).toContain("missing.yaml: error: expected an experiment file, but there is no such file");
    expect(exitCode).toBe(2);
  });

  test("a target on another machine that was not allowed", async () => {
    await writeFile(folder.file("far.yaml"), valid.replace("http://127.0.0.1:1/", "http://192.0.2.1/"));
    const { exitCode, stderr } = await chaos(["run", "far.yaml"], { cwd: folder.path });
    expect(stderr).toContain("--allow-host");
    expect(stderr).toContain("192.0.2.1");
    expect(exitCode).toBe(2);
  });

  test("a report that cannot be written, before anything starts", async () => {
    await writeFile(folder.file("plain"), "");
    const { exitCode, stderr } = await chaos(["run", fixture("shop.yaml"), "--report", "json=plain/report.json"], { cwd: folder.path });
    expect(stderr).toContain("expected to write plain/report.json");
    expect(exitCode).toBe(2);
  });
});

describe("a journal that cannot be written is refused before anything starts", () => {
  test.each([["no folder", "plain/run.ndjson"], ["no file", "/dev/full"]])("%s", async (_claim, journal) => {
    await writeFile(folder.file("plain"), "");
    const { exitCode, stderr } = await chaos(["run", fixture("shop.yaml"), "--journal", journal], { cwd: folder.path });
    expect(stderr).toContain(journal);
    expect(exitCode).toBe(2);
  });

  test("nor the folder for it be made", async () => {
    await writeFile(folder.file(".chaos"), "");
    const { exitCode, stderr } = await chaos(["run", fixture("shop.yaml")], { cwd: folder.path });
    expect(stderr).toContain("[journal-unwritable]");
    expect(exitCode).toBe(2);
    await rm(folder.file(".chaos"));
  });
});

test.skipIf(process.platform !== "linux")("what cannot be printed because there is no room is told, and is no defect", async () => {
  const { exitCode, stderr } = await execa("sh", ["-c", 'exec "$0" bin/chaos.js --help > /dev/full', process.execPath], { reject: false });
  expect(stderr).toMatch(/^error: what is written to is full: ENOSPC.* \[no-space\]\n {2}help: make room there/);
  expect(exitCode).toBe(6);
});

describe("validate", () => {
  test("prints every issue of every file with its place, and ends with 2", async () => {
    await writeFile(folder.file("one.yaml"), valid.replace("delay: 1s", "delay: 1000").replace("load: 20/s", "load: 20"));
    await writeFile(folder.file("two.yaml"), valid.replace("type: latency", "type: latencyy"));
    const { exitCode, stdout } = await chaos(["validate", "one.yaml", "two.yaml"], { cwd: folder.path });
    for (const place of ["one.yaml:6:", "one.yaml:11:", "two.yaml:11:"]) expect(stdout).toContain(place);
    expect(exitCode).toBe(2);
  });

  test("ends with 0 when there are only warnings", async () => {
    const { exitCode, stdout } = await chaos(["validate", "-"], { cwd: folder.path, input: valid });
    expect(stdout).not.toContain("error");
    expect(exitCode).toBe(0);
  });

  test("finds nothing in what init writes", async () => {
    await chaos(["init", "start.yaml"], { cwd: folder.path });
    const { exitCode, stdout } = await chaos(["validate", "start.yaml"], { cwd: folder.path });
    expect(stdout).toBe("start.yaml: ok\n");
    expect(exitCode).toBe(0);
  });
});
