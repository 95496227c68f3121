import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse as parseYaml, stringify } from "yaml";
import { commands } from "../src/cli/commands/index.ts";
import { parse, parseProxyFile } from "../src/index.ts";
import { defaultLimits as http1Limits } from "../src/proxy/http1/limits.ts";
import { defaultLimits as http2Limits } from "../src/proxy/http2/limits.ts";
import { defaultHeldBytes } from "../src/proxy/tcp/duct.ts";
import { quantity } from "../src/units/fields.ts";

const root = new URL("../", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), "utf8");
const files = ["README.md", ...readdirSync(new URL("docs/", root)).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
const pages = files.map((file) => ({ file, text: read(file) }));

interface Snippet {
  readonly where: string;
  readonly yaml: string;
}

/** What stands between ```yaml and ```, with the line on which it begins. */
function snippetsOf({ file, text }: { readonly file: string; readonly text: string }): readonly Snippet[] {
  return [...text.matchAll(/^```ya?ml\n([^]*?)^```$/gm)].map((found) => ({ where: `${file}:${text.slice(0, found.index).split("\n").length + 1}`, yaml: found[1] ?? "" }));
}

const snippets = pages.flatMap(snippetsOf);
/** One hypothesis, printed from its registry; test/contracts/hypotheses.test.ts holds those. */
const isEntry = ({ yaml }: Snippet): boolean => yaml.startsWith("- type:");
const isSteps = (snippet: Snippet): boolean => snippet.yaml.startsWith("- ") && !isEntry(snippet);
/** What `chaos proxy --config` reads. */
const isProxies = ({ yaml }: Snippet): boolean => yaml.startsWith("# proxies.yaml\n");
const isWhole = ({ yaml }: Snippet): boolean => /^version: 1$/m.test(yaml);
const experiments = snippets.filter((snippet) => !isSteps(snippet) && !isEntry(snippet) && !isProxies(snippet));

/** What a part of an experiment leaves out; services and edges that it speaks of and does not show are made up. */
function completed(yaml: string): string {
  const given: unknown = parseYaml(yaml);
  const sections = given !== null && typeof given === "object" ? { ...given } : {};
  const namesIn = (scope: string): readonly string[] => [...yaml.matchAll(new RegExp(`\\$\\{${scope}\\.([a-z-]+)`, "g"))].map((found) => found[1] ?? "");
  const madeUp = (names: readonly string[], one: unknown): object => Object.fromEntries(names.map((name) => [name, one]));
  return stringify({
    version: 1, title: "A part", phases: { before: "30s", during: "30s", after: "30s" },
    hypotheses: [{ type: "claim", probe: "asked", success: ">= 50%" }],
    faults: [],
    ...sections,
    services: { ...madeUp(namesIn("services"), { command: ["node", "x.mjs"], port: "auto" }), ...("services" in sections ? (sections.services as object) : {}) },
    proxies: { ...madeUp(namesIn("proxies"), { upstream: "http://127.0.0.1:1" }), ...("proxies" in sections ? (sections.proxies as object) : {}) },
    probes: { asked: { type: "http", url: "http://127.0.0.1:2/", load: "25/s" }, ...("probes" in sections ? (sections.probes as object) : {}) },
  });
}

function issuesOf(yaml: string): readonly string[] {
  return parse(yaml, { file: "snippet.yaml", vars: {}, env: {} }).issues.map(({ severity, message, line }) => `${severity}, line ${line ?? 0}: ${message}`);
}

describe("YAML in the README and in docs", () => {
  test.each(experiments.filter(isWhole))("$where is an experiment without a warning", ({ yaml }) => {
    expect(issuesOf(yaml)).toEqual([]);
  });

  test.each(experiments.filter((snippet) => !isWhole(snippet)))("$where is a part of an experiment", ({ yaml }) => {
    expect(issuesOf(completed(yaml)).filter((issue) => issue.startsWith("error"))).toEqual([]);
  });

  test.each(snippets.filter(isProxies))("$where is a file of proxies without a warning", ({ yaml }) => {
    expect(parseProxyFile(yaml, { file: "proxies.yaml", env: {} }).issues).toEqual([]);
  });

  test("is looked at, and what is wrong in it is found", () => {
    expect(experiments.filter(isWhole).length).toBeGreaterThan(1);
    expect(experiments.some((snippet) => !isWhole(snippet))).toBe(true);
    expect(issuesOf(completed("proxies:\n  a: { upstream: \"http://127.0.0.1:1\", lissten: x }\n"))).toContainEqual(expect.stringContaining("lissten"));
  });

  test.each(snippets.filter(isSteps))("$where calls commands that there are, with options that there are", ({ yaml }) => {
    const calls = [...yaml.matchAll(/\bchaos(?:-judge)? (\w+)(.*)$/gm)];
    expect(calls.length).toBeGreaterThan(0);
    for (const [, name, words = ""] of calls) {
      const flags = commands.find((command) => command.name === name)?.options.map((option) => option.flags.split(" ")[0]);
      expect(flags).toEqual(expect.arrayContaining([...words.matchAll(/--[a-z-]+/g)].map(([flag]) => flag)));
    }
  });
});

describe("the README and docs", () => {
  test("link to files that are there", () => {
    const broken = pages.flatMap(({ file, text }) => [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((found) => found[1] ?? "").filter((to) => !existsSync(new URL(to, new URL(file, root)))).map((to) => `${file}: ${to}`));
    expect(broken).toEqual([]);
  });

  test("name scripts of npm that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
    const named = pages.flatMap(({ text }) => [...text.matchAll(/npm run ([a-z:]+)/g)].map((found) => found[1] ?? ""));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("leave no page of docs, and no experiment beside those of single faults, without a link from the README", () => {
    const readme = read("README.md");
    const all = [...files.slice(1), ...readdirSync(new URL("experiments/", root)).filter((name) => name.endsWith(".yaml")).map((name) => `experiments/${name}`)];
    expect(all.filter((file) => !readme.includes(`](${file})`))).toEqual([]);
  });

  test("say the limits that hold", () => {
    const text = read("docs/limits.md");
    const size = quantity("size");
    const { headBytes, headerCount, headMs, heldBytes, inFlight } = http1Limits;
    const cell = (key: string): string => new RegExp(`^\\| \`${key}\` \\|[^|]*\\|([^|]*)\\|`, "m").exec(text)?.[1]?.trim() ?? "";
    const sizes = (key: string): readonly number[] => (cell(key).match(/\d+(?:KiB|MiB)/g) ?? []).map((word) => size.parse(word));
    expect([sizes("buffer"), sizes("head")]).toEqual([[heldBytes, defaultHeldBytes], [headBytes]]);
    expect([cell("headers"), cell("headTimeout"), cell("pipelined")]).toEqual([`${headerCount}`, `${headMs / 1000}s`, `${inFlight}`]);
    expect(text).toContain(`(HTTP/2: streams, ${http2Limits.inFlight})`);
  });
});
