import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Reporter } from "../../src/cli/api.ts";
import { main } from "../../src/cli/main.ts";
import { ChaosError } from "../../src/model/error.ts";
import { aReport, fakeContext } from "./fakes.ts";

describe("the command line", () => {
  test.each([
    ["an unknown command", ["vaildate"], "Did you mean validate?"],
    ["an unknown option", ["run", "x.yaml", "--sed", "1"], "Did you mean --seed?"],
    ["no command", [], "Usage: chaos"],
    ["a missing file argument", ["run"], "missing required argument 'file'"],
    ["an argument too many", ["schema", "proxies", "x"], "too many arguments"],
    ["an option without its value", ["run", "x.yaml", "--seed"], "argument missing"],
  ])("refuses %s with 2 and says what to do", async (_claim, argv, message) => {
    const context = fakeContext();
    expect(await main(argv, context)).toBe(2);
    expect(context.err()).toContain(message);
    expect(context.out()).toBe("");
  });

  test.each([["--help"], ["-h"]])("%s prints the commands on stdout", async (flag) => {
    const context = fakeContext();
    expect(await main([flag], context)).toBe(0);
    for (const name of ["run", "validate", "plan", "report", "proxy", "proxies", "toxic", "init", "list", "explain", "schema"]) expect(context.out()).toMatch(new RegExp(`^  ${name}\\b`, "m"));
    expect(context.err()).toBe("");
  });

  test("a command's help shows its options and examples", async () => {
    const context = fakeContext();
    expect(await main(["run", "--help"], context)).toBe(0);
    for (const option of ["--seed", "--var", "--var-file", "--only", "--report", "--journal", "--dry-run", "--bail", "--repeat", "--allow-host", "--allow-inconclusive", "--quiet", "--verbose", "--no-color"]) {
      expect(context.out()).toContain(option);
    }
    expect(context.out()).toContain("$ chaos run experiments/payment-latency.yaml");
  });

  test("--version is the package's", async () => {
    const context = fakeContext();
    const manifest: unknown = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await main(["--version"], context)).toBe(0);
    expect(manifest).toMatchObject({ version: context.out().trim() });
  });
});

describe("errors", () => {
  test("of ours are shown with their hint and are 2", async () => {
    const context = fakeContext({ explainType: () => { throw new ChaosError("unknown-type", "expected a type", { hint: "did you mean retry?" }); } });
    expect(await main(["explain", "rety"], context)).toBe(2);
    expect(context.err()).toBe("error: expected a type [unknown-type]\n  help: did you mean retry?\n");
  });

  test("that nobody foresaw are 6, with a stack only when asked for", async () => {
    const api = { explainType: (): string => { throw new TypeError("undefined is not a function"); } };
    const short = fakeContext(api);
    expect(await main(["explain", "x"], short)).toBe(6);
    expect(short.err()).not.toContain("    at ");
    const long = fakeContext(api);
    expect(await main(["explain", "x", "--verbose"], long)).toBe(6);
    expect(long.err()).toContain("    at ");
  });

  test.each([
    ["EMFILE", "the limit of open files is reached: EMFILE: too many", /ulimit -n/],
    ["ENFILE", "the system's limit of open files is reached: ENFILE: too many", /fs\.file-max/],
  ])("that say that files have run out are no defect: %s", async (code, message, hint) => {
    const context = fakeContext({ explainType: () => { throw Object.assign(new Error(`${code}: too many`), { code }); } });
    expect(await main(["explain", "x"], context)).toBe(6);
    expect(context.err()).toMatch(new RegExp(`^error: ${message} \\[open-files\\]\n {2}help: raise it .*\n$`));
    expect(context.err()).toMatch(hint);
  });

  test("that nobody caught end the process with 6 and no stack", async () => {
    const context = fakeContext({ explainType: () => {
      context.defect(new TypeError("boom"));
      return "about it";
    } });
    await main(["explain", "x"], context);
    expect(context.exits).toEqual([6]);
    expect(context.err()).toBe("error: this should not happen: boom [defect]\n  help: please report it, with the output of --verbose\n");
  });
});

describe("schema", () => {
  test("prints that of experiments, or of proxy files", async () => {
    const title = async (argv: readonly string[]): Promise<unknown> => {
      const context = fakeContext({ experimentJsonSchema: () => ({ title: "Experiment" }) });
      expect(await main(["schema", ...argv], context)).toBe(0);
      return JSON.parse(context.out());
    };
    expect(await title([])).toMatchObject({ title: "Experiment" });
    expect(await title(["proxies"])).toMatchObject({ title: "Proxies" });
  });

  test("refuses another word", async () => {
    const context = fakeContext();
    expect(await main(["schema", "toxics"], context)).toBe(2);
    expect(context.err()).toContain('expected experiment or proxies, got "toxics"');
  });
});

describe("list", () => {
  test("prints every registry, or the one asked for", async () => {
    const all = fakeContext();
    await main(["list"], all);
    for (const text of ["faults", "probes", "http", "hypotheses", "fallback", "reporters", "json"]) expect(all.out()).toContain(text);
    expect(all.out()).toMatch(/^  latency +exchange +\S/m);
    const one = fakeContext();
    await main(["list", "probes"], one);
    expect(one.out()).toMatch(/^  http +\S.*$/m);
    expect(one.out()).not.toContain("latency");
  });

  test("refuses another word", async () => {
    const context = fakeContext();
    expect(await main(["list", "toxics"], context)).toBe(2);
    expect(context.err()).toContain('expected faults, probes, hypotheses, reporters, got "toxics"');
  });
});

describe("report", () => {
  test("judges a journal from standard input and ends with its exit code", async () => {
    let lines = 0;
    const context = fakeContext({
      judgeJournal: async (input) => {
        for await (const line of typeof input === "string" ? [] : input) lines += line === "" ? 0 : 1;
        return aReport(1);
      },
    }, ["one\ntwo\n", "three"]);
    expect(await main(["report", "-"], context)).toBe(1);
    expect(lines).toBe(3);
    expect(context.out()).toBe("text: 1\n");
  });

  test.each([[["report", "j", "--verbose"], true], [["--verbose", "report", "j"], true], [["report", "j"], false]])("%j: with all that is known is %s", async (argv, wanted) => {
    let verbose: boolean | undefined;
    const text: Reporter = { format: "text", summary: "", render: (_, options) => {
      verbose = options.verbose;
      return "";
    } };
    await main(argv, fakeContext({ findReporter: () => text }));
    expect(verbose).toBe(wanted);
  });
});

describe("init", () => {
  test("writes a commented experiment once, and never over a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "chaos-init-"));
    try {
      const path = join(folder, "deep", "shop.yaml");
      const first = fakeContext();
      expect(await main(["init", path], first)).toBe(0);
      expect(first.out()).toContain(`chaos run ${path}`);
      const text = await readFile(path, "utf8");
      const second = fakeContext();
      expect(await main(["init", path], second)).toBe(2);
      expect(second.err()).toContain("exists and is left as it is");
      expect(await readFile(path, "utf8")).toBe(text);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
