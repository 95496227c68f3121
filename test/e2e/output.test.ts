import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chaos, chaosUndisturbed, fixture, readReport, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
let ran: Awaited<ReturnType<typeof chaos>>;

/** One run for all: every format from it, its journal kept. */
beforeAll(async () => {
  folder = await scratchFolder();
  ran = await chaosUndisturbed(["run", fixture("shop.yaml"), "--journal", "run.ndjson", "--report", "json", "--report", "junit=run.xml", "--report", "text=run.txt"], { cwd: folder.path });
}, 180_000);
afterAll(() => folder.remove());

async function again(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await chaos(["report", "run.ndjson", ...args], { cwd: folder.path, env });
  return stdout;
}

describe("without a terminal", () => {
  test("the report is plain text on stdout, the progress one line per phase on stderr", async () => {
    const text = await again([]);
    expect(text).toContain("The caller answers without its dependency");
    expect(text + ran.stderr).not.toContain("\u001B");
    expect(ran.stderr.match(/^  (warmup|before|during|after) .* good(, .* degraded)?, p95/gm)).toHaveLength(4);
    expect(ran.exitCode).toBe(0);
  });

  test("FORCE_COLOR colours it all the same, NO_COLOR and --no-color do not", async () => {
    expect(await again([], { FORCE_COLOR: "1" })).toContain("\u001B[");
    expect(await again([], { FORCE_COLOR: "1", NO_COLOR: "1" })).not.toContain("\u001B");
    expect(await again(["--no-color"], { FORCE_COLOR: "1" })).not.toContain("\u001B");
  });

  test.each([60, 80, 120])("no line is wider than COLUMNS=%i", async (columns) => {
    const lines = (await again([], { COLUMNS: String(columns) })).split("\n");
    expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(columns);
  });
});

describe("a saved run", () => {
  test("is judged and rendered again, byte for byte", async () => {
    expect(await again(["--report", "json"])).toBe(ran.stdout);
    expect(await again(["--report", "junit"])).toBe(await readFile(folder.file("run.xml"), "utf8"));
    expect(await again(["--report", "text"])).toBe(await readFile(folder.file("run.txt"), "utf8"));
  });

  test("comes from standard input too", async () => {
    const { stdout, exitCode } = await chaos(["report", "-", "--report", "json"], { cwd: folder.path, input: await readFile(folder.file("run.ndjson"), "utf8") });
    expect(stdout).toBe(ran.stdout);
    expect(exitCode).toBe(0);
  });

  test("is run again, with its plan and its seed", { timeout: 180_000 }, async () => {
    const { stdout, exitCode } = await chaosUndisturbed(["replay", "run.ndjson", "--report", "json", "--journal", "again.ndjson", "--quiet"], { cwd: folder.path });
    const [first, second] = [ran.stdout, stdout].map(readReport);
    expect(second).toMatchObject({ seed: first?.seed, planDigest: first?.planDigest, outcome: "held" });
    expect(second?.runId).not.toBe(first?.runId);
    expect(exitCode).toBe(0);
  });

  test("that is none is refused with its line", async () => {
    const { stderr, exitCode } = await chaos(["report", fixture("shop.yaml")], { cwd: folder.path });
    expect(stderr).toMatch(/line 1|:1/);
    expect(exitCode).toBe(2);
  });
});

describe("the JSON report", () => {
  test("is all there is on stdout, and has the fields of its contract", () => {
    const report = readReport(ran.stdout);
    for (const field of ["runId", "file", "document", "title", "tags", "seed", "planDigest", "confidence", "tool", "startedAt", "durationMs", "outcome", "exitCode", "phases", "steadyState", "faults", "proxies", "hypotheses", "issues"]) {
      expect(report).toHaveProperty(field);
    }
    expect(report).toMatchObject({
      schema: "chaos/report/1", document: 0, seed: "e2e", outcome: "held", exitCode: 0,
      faults: [{ name: "slow", type: "latency", proxy: "upstream", missed: { match: 0 } }],
      hypotheses: [{ type: "fallback", verdict: "held", correlation: "trace" }],
    });
  });
});

describe("the JUnit report", () => {
  test("is well-formed XML with a test case per verdict", async () => {
    const xml = await readFile(folder.file("run.xml"), "utf8");
    expect(openTags(xml)).toEqual([]);
    expect(xml.replace(/<[^<>]*>/g, "")).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i);
    expect(xml).toMatch(/<testcase [^>]*fallback/);
  });
});

/** The tags that are open at the end of a document; throws at the first that is closed out of turn. */
function openTags(xml: string): readonly string[] {
  const open: string[] = [];
  for (const [, closing, name = "", selfClosing] of xml.matchAll(/<(\/?)([\w:.-]+)(?:\s+[\w:.-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (closing === "/" && open.pop() !== name) throw new Error(`</${name}> closes what is not open`);
    if (closing !== "/" && selfClosing !== "/") open.push(name);
  }
  return open;
}
