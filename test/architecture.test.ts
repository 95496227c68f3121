import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** The import table. A room imports rooms of lower rank only; `sees` narrows that further. */
interface Room {
  readonly name: string;
  readonly rank: number;
  /** What belongs here, for the sentence that sends code home. */
  readonly holds: string;
  /** Highest rank it may import, when that is less than its own rank − 1. */
  readonly sees?: number;
  /** The only rooms it may import. */
  readonly only?: readonly string[];
  /** May touch files, sockets, processes and clocks. */
  readonly io?: true;
}

const rooms: readonly Room[] = [
  { name: "model", rank: 0, holds: "types only" },
  { name: "units", rank: 1, holds: "texts with units to and from numbers" },
  { name: "math", rank: 2, holds: "randomness, distributions, intervals, pacing" },
  { name: "journal", rank: 3, holds: "the codec of the journal" },
  { name: "faults", rank: 3, holds: "what a fault decides and whom it hits" },
  { name: "probes", rank: 3, holds: "what a probe asks and how it grades" },
  { name: "evidence", rank: 3, holds: "what hypotheses share about a run" },
  { name: "hypotheses", rank: 4, holds: "judging and the report's numbers" },
  { name: "toxics", rank: 4, holds: "Toxiproxy's toxics to and from faults" },
  { name: "reporters", rank: 4, holds: "reports as text", sees: 2 },
  { name: "experiment", rank: 5, holds: "text to experiment to plan" },
  { name: "proxy", rank: 6, holds: "the data plane", sees: 3, io: true },
  { name: "proxy/api", rank: 6, holds: "the control API of the proxy", io: true },
  { name: "engines", rank: 7, holds: "ways of carrying faults out", io: true },
  { name: "run", rank: 8, holds: "phases, load, guards, processes and clean-up", io: true },
  { name: "index.ts", rank: 9, holds: "names for the public, no logic" },
  { name: "remote.ts", rank: 9, holds: "names for those who only speak to a control API, no logic" },
  { name: "cli", rank: 10, holds: "the command line", only: ["index.ts", "remote.ts"], io: true },
];

/** Builtins that only compute: every room may use them. */
const pureBuiltins = ["assert", "buffer", "path", "string_decoder", "url", "util"];
/** Files outside the rooms with I/O that may use one builtin, and why. */
const builtinExceptions: readonly { readonly file: string; readonly builtin: string; readonly why: string }[] = [
  { file: "src/experiment/digest.ts", builtin: "crypto", why: "a hash computes; it reads no randomness" },
];
/** Packages that may be imported in any file: schemas are written where their subject lives. */
const packagesEverywhere = ["zod"];
/** Names that say nothing about what is inside, for files and folders; `services` is what the demo's folder is called. */
const bannedNames = ["utils", "util", "core", "common", "lib", "helpers"];
const bannedFolders = [...bannedNames, "services"];
const maxLines = 300;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Clocks, timers, randomness and the process, which pure rooms are given as arguments. */
const ambient = /(?<![\w.$])(?:process\.\w+|setTimeout\(|setInterval\(|setImmediate\(|Date\.now\(|new Date\(\)|performance\.now\(|Math\.random\(|fetch\(|console\.\w+)/;

interface Source {
  /** Path from the project root with forward slashes. */
  readonly file: string;
  readonly text: string;
}

function roomOf(file: string): Room | undefined {
  const inside = file.replace(/^src\//, "");
  return [...rooms].sort((a, b) => b.name.length - a.name.length).find(({ name }) => inside === name || inside.startsWith(`${name}/`));
}

function withoutComments(text: string): string {
  return text.replace(/^\s*(?:\/\/.*|\/\*[\s\S]*?\*\/)/gm, "").replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/\s\/\/ .*$/gm, "");
}

/** Every module named by an import, an export from, or a dynamic import. */
function importsOf(text: string): readonly string[] {
  const code = withoutComments(text);
  const fixed = /(?:^|[;}\s])(?:import|export)\s*(?:[\w*{][^"'`;()]*?from\s*)?["']([^"'\n]+)["']/g;
  const dynamic = /\bimport\(\s*["'`]([^"'`\n]+)["'`]/g;
  return [...code.matchAll(fixed), ...code.matchAll(dynamic)].map((found) => found[1] ?? "");
}

function builtinName(specifier: string): string | undefined {
  const bare = specifier.replace(/^node:/, "").split("/")[0] ?? "";
  return specifier.startsWith("node:") || builtinModules.includes(bare) ? bare : undefined;
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function namesOf(list: readonly Room[]): string {
  return list.length === 0 ? "no room" : list.map(({ name }) => name).join(", ");
}

/** Why a room may not import another one, and where such code belongs; absent when it may. */
function forbiddenRoom(from: Room, to: Room): string | undefined {
  if (from.name === to.name) return undefined;
  const allowed = rooms.filter((room) =>
    from.only === undefined ? room.rank < from.rank && room.rank <= (from.sees ?? from.rank) : from.only.includes(room.name));
  if (allowed.includes(to)) return undefined;
  const why = from.only === undefined && to.rank === from.rank
    ? `both have rank ${to.rank}, and a room never imports its own rank`
    : `${from.name} (rank ${from.rank}) may import ${namesOf(allowed)}`;
  const homes = rooms.filter((room) => room !== from && room !== to && (room.only === undefined ? to.rank < room.rank && to.rank <= (room.sees ?? room.rank) : room.only.includes(to.name)));
  const shared = rooms.filter((room) => allowed.includes(room) && room.rank < to.rank);
  return `${why}. What ${to.name} holds is "${to.holds}": code that needs it belongs in ${namesOf([to, ...homes])}; `
    + (shared.length === 0 ? "hand the value over as an argument." : `what both need belongs below them, in ${namesOf(shared)}.`);
}

function edgeProblems({ file, text }: Source): readonly string[] {
  const room = roomOf(file);
  if (room === undefined) return [`${file} stands in no room of the import table: move it to one of ${namesOf(rooms)}, or add its room with a rank to the table.`];
  const problems = importsOf(text).flatMap((specifier) => {
    if (specifier.startsWith(".")) {
      const target = posix.normalize(posix.join(posix.dirname(file), specifier));
      const to = roomOf(target);
      if (to === undefined) return [`${file} imports ${target}, which stands in no room of the import table: code of src imports code of src.`];
      const why = forbiddenRoom(room, to);
      return why === undefined ? [] : [`${file} imports ${target}: ${why}`];
    }
    const builtin = builtinName(specifier);
    if (builtin === undefined || room.io === true || pureBuiltins.includes(builtin)) return [];
    if (builtinExceptions.some((exception) => exception.file === file && exception.builtin === builtin)) return [];
    return [`${file} imports ${specifier}: ${room.name} touches nothing outside the program. I/O belongs in ${namesOf(rooms.filter(({ io }) => io))}.`];
  });
  const touched = room.io === true ? null : ambient.exec(withoutComments(text));
  return touched === null ? problems : [...problems, `${file} uses ${touched[0]}: ${room.name} is pure. Clocks, timers, randomness and the process are passed in as arguments, and belong in ${namesOf(rooms.filter(({ io }) => io))}.`];
}

/** A vendor package has one door, so that it can be replaced. */
function vendorProblems(sources: readonly Source[]): readonly string[] {
  const doors = new Map<string, Set<string>>();
  for (const { file, text } of sources) {
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith(".") || builtinName(specifier) !== undefined || packagesEverywhere.includes(packageName(specifier))) continue;
      const files = doors.get(packageName(specifier)) ?? new Set();
      doors.set(packageName(specifier), files.add(file));
    }
  }
  return [...doors].filter(([, files]) => files.size > 1).map(([name, files]) =>
    `${name} is imported in ${files.size} files (${[...files].join(", ")}): a package has one door. Keep one of them and let the others import that file.`);
}

function shapeProblems({ file, text }: Source): readonly string[] {
  const parts = file.replace(/^src\//, "").replace(/\.[jt]s$/, "").split("/");
  const odd = parts.filter((part) => !kebabCase.test(part));
  const banned = parts.filter((part, i) => (i < parts.length - 1 ? bannedFolders : bannedNames).includes(part));
  const lines = text.split("\n").length - 1;
  return [
    ...odd.map((part) => `${file}: "${part}" is not kebab-case.`),
    ...banned.map((part) => `${file}: "${part}" says nothing about what is inside: name it after its subject.`),
    ...(lines > maxLines ? [`${file} has ${lines} lines, more than ${maxLines}: split it into the rooms under its roof.`] : []),
  ];
}

function everySource(): readonly Source[] {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  return readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ file: relative(root, path).split(sep).join("/"), text: readFileSync(path, "utf8") }));
}

describe("the rooms of src", () => {
  const sources = everySource();

  test("import lower ranks only, and touch the world only where the table allows it", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(edgeProblems)).toEqual([]);
  });

  test("import each vendor package in one file", () => {
    expect(vendorProblems(sources)).toEqual([]);
  });

  test("hold small files with names that say what is inside", () => {
    expect(sources.flatMap(shapeProblems)).toEqual([]);
  });
});

describe("the architecture test itself", () => {
  const edge = (file: string, text: string): string => edgeProblems({ file, text }).join("\n");

  test.each([
    ["a room of higher rank", "src/units/bound.ts", 'import { run } from "../run/run.ts";', /units \(rank 1\) may import model\..*belongs in run, index\.ts/],
    ["another room of its own rank", "src/evidence/join.ts", 'import type { Selector } from "../faults/select.ts";', /both have rank 3/],
    ["hypotheses from a reporter", "src/reporters/text.ts", 'export { judge } from "../hypotheses/judge.ts";', /both have rank 4/],
    ["evidence from a reporter", "src/reporters/text.ts", 'import { Observer } from "../evidence/observer.ts";', /reporters \(rank 4\) may import model, units, math\./],
    ["hypotheses from the proxy", "src/proxy/http1/index.ts", 'import "../../hypotheses/judge.ts";', /proxy \(rank 6\) may import model, units, math, journal, faults, probes, evidence\./],
    ["another room from the command line", "src/cli/run.ts", 'const { run } = await import("../run/run.ts");', /cli \(rank 10\) may import index\.ts, remote\.ts\./],
    ["over several lines", "src/math/pacer.ts", 'import {\n  plan,\n  type Plan,\n} from "../experiment/plan.ts";', /math \(rank 2\) may import model, units\./],
    ["a folder that is no room", "src/run/run.ts", 'import { x } from "../stuff/x.ts";', /stands in no room/],
    ["files from a pure room", "src/hypotheses/judge.ts", 'import { readFile } from "node:fs/promises";', /hypotheses touches nothing outside the program\. I\/O belongs in proxy, proxy\/api, engines, run, cli\./],
    ["a builtin without its prefix", "src/math/random.ts", 'import { randomBytes } from "crypto";', /math touches nothing/],
  ])("catches an import of %s", (_claim, file, text, sentence) => {
    expect(edge(file, text)).toMatch(sentence);
  });

  test("lets the control API of the proxy see what the proxy must not", () => {
    const text = 'import { parse } from "../../experiment/parse.ts";';
    expect(edge("src/proxy/api/server.ts", text)).toBe("");
    expect(edge("src/proxy/listen/server.ts", text)).toContain("may import");
  });

  test("allows what the table allows, and words in comments", () => {
    expect(edge("src/run/run.ts", 'import { readFile } from "node:fs/promises";\nimport { plan } from "../experiment/plan.ts";')).toBe("");
    expect(edge("src/units/format.ts", '/** See import "../run/run.ts" and Date.now(). */\nimport { styleText } from "node:util";')).toBe("");
    expect(edge("src/experiment/digest.ts", 'import { createHash } from "node:crypto";')).toBe("");
  });

  test.each(["const t = Date.now();", "setTimeout(go, 1);", "if (process.env.X) go();", "return Math.random();"])("catches %s in a pure room", (text) => {
    expect(edge("src/evidence/observer.ts", text)).toMatch(/evidence is pure/);
    expect(edge("src/run/system-env.ts", text)).toBe("");
  });

  test("catches a package with two doors, zod excepted", () => {
    const two = (name: string): readonly Source[] => ["src/run/a.ts", "src/run/b.ts"].map((file) => ({ file, text: `import x from "${name}";` }));
    expect(vendorProblems(two("@scope/vendor/deep")).join("")).toMatch(/@scope\/vendor is imported in 2 files \(src\/run\/a\.ts, src\/run\/b\.ts\)/);
    expect(vendorProblems(two("zod"))).toEqual([]);
    expect(vendorProblems(two("node:net"))).toEqual([]);
  });

  test("catches long files, odd names and rooms that say nothing", () => {
    expect(shapeProblems({ file: "src/run/long.ts", text: "x\n".repeat(301) }).join("")).toMatch(/301 lines/);
    expect(shapeProblems({ file: "src/run/runThings.ts", text: "" }).join("")).toMatch(/"runThings" is not kebab-case/);
    expect(shapeProblems({ file: "src/run/utils/x.ts", text: "" }).join("")).toMatch(/"utils" says nothing/);
    expect(shapeProblems({ file: "src/services/x.ts", text: "" }).join("")).toMatch(/"services" says nothing/);
    expect(shapeProblems({ file: "src/run/services.ts", text: "" })).toEqual([]);
  });
});
