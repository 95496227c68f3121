import { createServer } from "node:net";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chaos, chaosUndisturbed, eventsIn, fixture, readReport, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

/** Runs a fixture to its end; the report as the JSON reporter gave it. */
async function run(name: string, options: readonly string[] = [], env: Readonly<Record<string, string>> = {}, ask = chaosUndisturbed) {
  const { exitCode, stdout, stderr } = await ask(["run", fixture(name), "--report", "json", ...options], { cwd: folder.path, env });
  return { exitCode, stderr, report: readReport(stdout) };
}

describe("the exit code of a run is", { timeout: 180_000 }, () => {
  test("0 when all held", async () => {
    const { exitCode, report } = await run("shop.yaml");
    expect(report).toMatchObject({ outcome: "held", exitCode: 0 });
    expect(exitCode).toBe(0);
  });

  test("1 when a hypothesis is violated, and the reason names it", async () => {
    const { exitCode, report } = await run("shop.yaml", ["--var", "fallback=off"]);
    expect(report).toMatchObject({ outcome: "violated", hypotheses: [{ type: "fallback", verdict: "violated" }] });
    expect(report.because).toContain("fallback");
    expect(exitCode).toBe(1);
  });

  test("3 when the fault matched no call", async () => {
    const { exitCode, report } = await run("shop.yaml", ["--var", "path=/nothing"]);
    expect(report).toMatchObject({ outcome: "inconclusive", faults: [{ eligible: 0, applied: 0, felt: 0 }] });
    expect(exitCode).toBe(3);
  });

  test("3 when no traffic reaches the proxy, and the reason says so", async () => {
    const { exitCode, report } = await run("idle-proxy.yaml");
    expect(report).toMatchObject({ outcome: "inconclusive", proxies: [{ name: "upstream", exchanges: 0 }] });
    expect(report.hypotheses[0]?.reason).toMatch(/No call .*upstream/);
    // Validation had warned of it, at its place.
    expect(report.issues[0]).toMatchObject({ code: "fault-out-of-reach", severity: "warning", message: expect.stringContaining("slow") as string, hint: expect.stringContaining("proxies.upstream.url") as string, line: 22, column: 26 });
    expect(exitCode).toBe(3);
  });

  test("4 when what it depends on was down before, and nothing is injected", async () => {
    const journal = folder.file("down.ndjson");
    const { exitCode, report } = await run("upstream-down.yaml", ["--journal", journal], {}, chaos);
    expect(report.outcome).toBe("baseline-not-met");
    expect(exitCode).toBe(4);
    const kinds = (await eventsIn(journal)).map(({ kind }) => kind);
    expect(kinds).toContain("ended");
    expect(kinds).not.toContain("faults-set");
  });

  test("5 when a guard stops it, and the fault is lifted at once", async () => {
    const journal = folder.file("guard.ndjson");
    const { exitCode, report } = await run("shop.yaml", ["--var", "fallback=off", "--var", "guard=30%", "--var", "during=40s", "--journal", journal]);
    expect(report.outcome).toBe("guard-stopped");
    expect(exitCode).toBe(5);
    const events = await eventsIn(journal);
    const tripped = events.find(({ kind }) => kind === "guard-tripped");
    expect(events.find(({ kind, atMs }) => kind === "faults-lifted" && atMs >= (tripped?.atMs ?? Number.NaN))).toBeDefined();
    expect(report.durationMs).toBeLessThan(40_000);
  });

  test("6 when a service never gets ready, and its last words are shown", async () => {
    const { exitCode, report } = await run("never-ready.yaml");
    expect(report.outcome).toBe("failed");
    expect(report.because).toContain("stuck");
    expect(JSON.stringify(report)).toContain("waiting for the moon");
    expect(exitCode).toBe(6);
  });

  test("6 when the port to listen on is taken, and the message names it", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    try {
      const { exitCode, report } = await run("busy-port.yaml", [], { TAKEN_PORT: String(port) });
      expect(report.because).toContain(String(port));
      expect(exitCode).toBe(6);
    } finally {
      server.close();
    }
  });

  test("the worst of several, as a suite", async () => {
    const { exitCode, stdout, stderr } = await chaosUndisturbed(["run", fixture("upstream-down.yaml"), fixture("never-ready.yaml"), "--report", `json=${folder.file("suite.json")}`], { cwd: folder.path });
    expect(exitCode).toBe(6);
    expect(stdout).toBe("");
    expect(stderr).toContain("baseline-not-met: ");
    expect(stderr).toContain("failed: ");
    const suite: unknown = JSON.parse(await readFile(folder.file("suite.json"), "utf8"));
    expect(suite).toMatchObject({ schema: "chaos/suite/1", outcome: "failed", exitCode: 6, reports: [{ outcome: "baseline-not-met" }, { outcome: "failed" }] });
  });
});
