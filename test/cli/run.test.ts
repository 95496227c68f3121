import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Api, Event, Plan, Reporter } from "../../src/cli/api.ts";
import { main } from "../../src/cli/main.ts";
import { ChaosError } from "../../src/model/error.ts";
import { reporters } from "../../src/reporters/index.ts";
import { textWith } from "../experiment/minimal.ts";
import { aReport, fakeContext } from "./fakes.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chaos-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Runs that end with these exit codes, in order; remembers what was run. */
function endingWith(...codes: readonly number[]): { readonly api: Partial<Api>; readonly ran: string[]; readonly plans: Plan[]; readonly options: Parameters<Api["run"]>[1][] } {
  const ran: string[] = [];
  const plans: Plan[] = [];
  const options: Parameters<Api["run"]>[1][] = [];
  const api: Partial<Api> = {
    run: (plan, given) => {
      ran.push(`${plan.experiment.title} ${plan.seed}`);
      plans.push(plan);
      options.push(given);
      return Promise.resolve({ report: aReport(codes[ran.length - 1] ?? 0), journalPath: "j" });
    },
  };
  return { api, ran, plans, options };
}

describe("before anything starts", () => {
  test("one bad file of several refuses them all, with every issue printed", async () => {
    const { api, ran } = endingWith();
    const context = fakeContext(api);
    const code = await main(["run", await file("good.yaml", "good"), await file("bad.yaml", "error"), join(folder, "missing.yaml")], context);
    expect(code).toBe(2);
    expect(ran).toEqual([]);
    expect(context.err()).toContain("bad.yaml:2:3: error: it is bad [bad]");
    expect(context.err()).toContain("missing.yaml: error: expected an experiment file, but there is no such file");
    expect(context.err()).toContain("2 errors");
  });

  test.each([
    ["a folder", "", "is a folder"],
    ["an empty file", " \n", "the file is empty"],
    ["bytes that are not UTF-8", Buffer.from([0x74, 0xff, 0xfe]), "in UTF-8, got other bytes"],
  ])("%s is refused by name", async (_claim, content, message) => {
    const context = fakeContext();
    const path = join(folder, "x.yaml");
    if (content !== "") await writeFile(path, content);
    expect(await main(["run", content === "" ? folder : path], context)).toBe(2);
    expect(context.err()).toContain(message);
  });

  test("a report path that cannot be opened refuses the run, and leaves no other file behind", async () => {
    const { api, ran } = endingWith();
    const context = fakeContext(api);
    const blocked = join(await file("plain", "x"), "report.json");
    const code = await main(["run", await file("a.yaml", "a"), "--report", `text=${join(folder, "report.txt")}`, "--report", `json=${blocked}`], context);
    expect(code).toBe(2);
    expect(ran).toEqual([]);
    expect(context.err()).toContain(`expected to write ${blocked}`);
    expect((await readdir(folder)).sort()).toEqual(["a.yaml", "plain"]);
  });

  test("an empty selection is refused and names the tags there are", async () => {
    const context = fakeContext();
    expect(await main(["run", await file("a.yaml", "payments slow"), "--only", "orders"], context)).toBe(2);
    expect(context.err()).toContain("no experiment has the tag orders");
    expect(context.err()).toContain("payments, slow");
  });

  test.each([
    ["--repeat 0", ["--repeat", "0"], "whole number from 1"],
    ["an unknown report format", ["--report", "pdf"], 'got "pdf"'],
    ["two reports on stdout", ["--report", "text", "--report", "json"], "one --report without a path"],
    ["two reports in one file", ["--report", "text=x", "--report", "json=x"], "two for x"],
    ["a report without its path", ["--report", "json="], 'a path after "json="'],
    ["a variable without a value", ["--var", "rate"], '--var name=value, got "rate"'],
    ["one journal for two runs", ["--repeat", "2", "--journal", "j"], "one run for --journal, got 2"],
  ])("refuses %s", async (_claim, options, message) => {
    const { api, ran } = endingWith();
    const context = fakeContext(api);
    expect(await main(["run", await file("a.yaml", "a"), ...options], context)).toBe(2);
    expect(context.err()).toContain(message);
    expect(ran).toEqual([]);
  });
});

describe("a series", () => {
  test("runs file by file and ends with the worst exit code", async () => {
    const { api, ran } = endingWith(3, 1, 4);
    const context = fakeContext(api);
    const code = await main(["run", await file("a.yaml", "a"), await file("b.yaml", "b"), await file("c.yaml", "c"), "--seed", "7"], context);
    expect(code).toBe(1);
    expect(ran).toEqual(["a 7", "b 7", "c 7"]);
    expect(context.out()).toBe("text suite: 3 1 4\n");
  });

  test("hands what validation warned of on with the plan", async () => {
    const { parse, plan } = await import("../../src/index.ts");
    const { api, plans } = endingWith();
    const path = await file("a.yaml", textWith({ maxDuration: "maxDuration: 3s" }));
    expect(await main(["run", path], fakeContext({ ...api, parse, plan }))).toBe(0);
    expect(plans[0]?.issues).toEqual([{ code: "ends-early", severity: "warning", message: "the phases take 27s, and maxDuration ends the run at 3s", hint: "maxDuration: 1m", line: 11, column: 14 }]);
  });

  test("stops at the first that is not held with --bail", async () => {
    const { api, ran } = endingWith(0, 3);
    await main(["run", await file("a.yaml", "a"), "--repeat", "5", "--bail"], fakeContext(api));
    expect(ran).toHaveLength(2);
  });

  test("lets inconclusive through with --allow-inconclusive, says so, and lets nothing else through", async () => {
    const path = await file("a.yaml", "a");
    const inconclusive = fakeContext(endingWith(3).api);
    expect(await main(["run", path, "--allow-inconclusive"], inconclusive)).toBe(0);
    expect(inconclusive.err()).toContain("let through by --allow-inconclusive");
    expect(await main(["run", path, "--allow-inconclusive"], fakeContext(endingWith(1).api))).toBe(1);
  });

  test("ends with an interrupt: the running one is told, no other is started", async () => {
    const ran: string[] = [];
    const context = fakeContext({
      run: (plan, options) => {
        ran.push(plan.experiment.title);
        context.interrupt("SIGTERM");
        return Promise.resolve({ report: aReport(options?.signal?.aborted === true ? 143 : 0), journalPath: "j" });
      },
    });
    expect(await main(["run", await file("a.yaml", "a"), "--repeat", "3"], context)).toBe(143);
    expect(ran).toEqual(["a"]);
    expect(context.out()).toBe("text suite: 143\n");
  });

  test("of which one could not clean up after an interrupt has failed", async () => {
    const context = fakeContext({
      run: () => {
        context.interrupt("SIGINT");
        return Promise.resolve({ report: aReport(6), journalPath: "j" });
      },
    });
    expect(await main(["run", await file("a.yaml", "a")], context)).toBe(6);
  });

  test("whose run cannot even report is 6, and what came before is reported", async () => {
    let runs = 0;
    const context = fakeContext({
      run: () => {
        runs += 1;
        return runs === 1 ? Promise.resolve({ report: aReport(0), journalPath: "j" }) : Promise.reject(new ChaosError("journal-unwritable", "the disk is full", { hint: "make room" }));
      },
    });
    expect(await main(["run", await file("a.yaml", "a"), "--repeat", "3"], context)).toBe(6);
    expect(runs).toBe(2);
    expect(context.err()).toContain("error: the disk is full [journal-unwritable]\n  help: make room");
    expect(context.out()).toBe("text suite: 0\n");
  });

  test("ends with an error that nobody caught: the running one is told, no other is started, and the code is 6", async () => {
    let reason: unknown;
    const context = fakeContext({
      run: (_plan, options) => {
        context.defect(new TypeError("boom"));
        context.defect(new TypeError("boom again"));
        reason = options?.signal?.reason;
        return Promise.resolve({ report: aReport(0), journalPath: "j" });
      },
    });
    expect(await main(["run", await file("a.yaml", "a"), "--repeat", "3"], context)).toBe(6);
    expect(reason).toEqual(new TypeError("boom"));
    expect(context.out()).toBe("text suite: 0\n");
    expect(context.err()).toContain("error: this should not happen: boom [defect]");
    expect(context.err()).toContain("boom again");
    expect(context.err()).not.toContain("    at ");
    expect(context.exits).toEqual([]);
  });

  test("whose first run is refused before it does anything is 2", async () => {
    const refusing = (events: readonly Event[]): Partial<Api> => ({ run: (_, options) => {
      for (const event of events) options?.onEvent?.(event);
      return Promise.reject(new ChaosError("journal-unwritable", "the disk is full"));
    } });
    expect(await main(["run", await file("a.yaml", "a")], fakeContext(refusing([])))).toBe(2);
    expect(await main(["run", await file("a.yaml", "a")], fakeContext(refusing([{ kind: "max-duration", atMs: 1, seq: 1 }])))).toBe(6);
  });

  test("starts nothing when one plan reaches a host that is not allowed", async () => {
    const { api, ran } = endingWith();
    const context = fakeContext({ ...api, preflight: (plan) => {
      if (plan.experiment.title === "far") throw new ChaosError("target-not-allowed", "probe x reaches far.test", { hint: "--allow-host far.test" });
      return { hosts: [] };
    } });
    expect(await main(["run", await file("a.yaml", "near"), await file("b.yaml", "far")], context)).toBe(2);
    expect(ran).toEqual([]);
    expect(context.err()).toContain("--allow-host far.test");
  });

  test("hands the hosts that are allowed and the journal's path on", async () => {
    const { api, options } = endingWith();
    const journal = join(folder, "deep", "run.ndjson");
    await main(["run", await file("a.yaml", "a"), "--allow-host", "db.test", "--allow-host", "api.test", "--journal", journal], fakeContext(api));
    expect(options[0]).toMatchObject({ allowHosts: ["db.test", "api.test"], journalPath: journal });
  });
});

describe("reports", () => {
  test("that cannot be made are told with 6, and keep no other back", async () => {
    const broken: Reporter = { format: "json", summary: "", render: () => { throw new TypeError("boom"); } };
    const path = join(folder, "report.json");
    for (const verbose of [false, true]) {
      const context = fakeContext({ findReporter: (format) => (format === "json" ? broken : reporters.find((reporter) => reporter.format === format)) });
      expect(await main(["run", await file("a.yaml", "a"), "--report", `json=${path}`, "--report", "text", ...(verbose ? ["--verbose"] : [])], context)).toBe(6);
      expect(context.out()).toContain("A title");
      expect(context.err()).toContain(`error: the json report could not be given to ${path}: boom [report-failed]\n  help: what happened stands in the journal: chaos report JOURNAL --report json tries again\n`);
      expect(context.err().includes("    at ")).toBe(verbose);
      expect(context.err()).toContain("journal: j\n");
      expect(await readdir(folder)).toEqual(["a.yaml"]);
    }
  });

  test("that a full disk has no room for are told with 6, and the others are written", async () => {
    const context = fakeContext();
    expect(await main(["run", await file("a.yaml", "a"), "--report", "json=/dev/full", "--report", "text"], context)).toBe(6);
    expect(context.err()).toMatch(/error: the json report could not be given to \/dev\/full: ENOSPC: .* \[report-failed\]/);
    expect(context.out()).toBe("text: 0\n");
  });

  test("the one without a path takes stdout, and text goes to stderr", async () => {
    const context = fakeContext();
    await main(["run", await file("a.yaml", "a"), "--report", "json"], context);
    expect(context.out()).toBe("json: 0\n");
    expect(context.err()).toContain("text: 0\n");
  });

  test("with --quiet nothing but the named ones is written", async () => {
    const context = fakeContext();
    await main(["run", await file("a.yaml", "a"), "--report", "json", "--quiet"], context);
    expect(context.out()).toBe("json: 0\n");
    expect(context.err()).toBe("");
  });

  test("named files replace what stood there, and only those are written", async () => {
    const context = fakeContext();
    const path = await file("report.json", "an older and much longer report");
    await main(["run", await file("a.yaml", "a"), "--report", `json=${path}`], context);
    expect(await readFile(path, "utf8")).toBe("json: 0\n");
    expect(context.out()).toBe("");
    expect(context.err()).toContain(`held: A title\nreport: ${path}\njournal: j\n`);
  });
});

describe("--dry-run", () => {
  test("says the plan, resolves the hosts, runs nothing", async () => {
    const { api, ran } = endingWith();
    const context = fakeContext(api);
    expect(await main(["run", await file("a.yaml", "a"), "--dry-run", "--repeat", "3"], context)).toBe(0);
    expect(context.out().match(/plan of a/g)).toHaveLength(1);
    expect(ran).toEqual([]);
  });

  test.each([[["plan"]], [["run", "--dry-run"]]])("%j says that a seed which nobody gave is chosen at the run, and always the same of the rest", async (command) => {
    const { parse, plan, explainPlan } = await import("../../src/index.ts");
    const path = await file("a.yaml", textWith({ phases: "phases: { epochs: 2 }" }));
    const explained = async (...more: readonly string[]): Promise<string> => {
      const context = fakeContext({ parse, plan, explainPlan });
      expect(await main([...command, path, ...more], context)).toBe(0);
      return context.out().replaceAll(/\s+/g, " ");
    };
    const open = await explained();
    expect(open).toContain("Each run chooses a seed and reports it; seed: or --seed fixes it.");
    expect(open).not.toMatch(/Seed \S+, digest/);
    expect(await explained()).toBe(open);
    expect(await explained("--seed", "s")).toMatch(/ Seed s, digest [0-9a-f]{12}\./);
  });
});
