import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findProgram, runProgram } from "./servers.ts";

/** What a program needs is put here, once; nobody keeps it. */
const built = fileURLToPath(new URL("node_modules/.clients/", import.meta.url));
const sources = fileURLToPath(new URL("clients/", import.meta.url));
const toxiproxy = { module: "github.com/Shopify/toxiproxy/v2", version: "2.12.0" };

/** A command line, or why there is none. */
export type Prepared = { readonly command: readonly [string, ...string[]] } | { readonly why: string };

interface Program {
  /** Of the published client. */
  readonly name: string;
  readonly needs: readonly string[];
  /** Built anew when one of them has changed; none: always. */
  readonly files: readonly string[];
  readonly build: (target: string) => Promise<unknown>;
  readonly command: (target: string) => readonly [string, ...string[]];
}

/** One whole round with each published client; they differ in nothing but what their client cannot do. */
const programs = {
  ruby: {
    name: "toxiproxy-ruby", needs: ["ruby"], files: [],
    // No gem is installed from here: it is there, or RUBYLIB or GEM_PATH lead to one.
    build: () => runProgram("ruby", ["-e", 'begin; require "toxiproxy"; rescue LoadError; abort "needs gem install toxiproxy, or a RUBYLIB that leads to it"; end']),
    command: () => ["ruby", `${sources}ruby/round.rb`],
  },
  python: {
    name: "toxiproxy-python", needs: ["python3"], files: ["python/requirements.txt"],
    build: async (target) => {
      await runProgram("python3", ["-m", "venv", target]);
      await runProgram(`${target}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", "--requirement", `${sources}python/requirements.txt`]);
    },
    command: (target) => [`${target}/bin/python`, `${sources}python/round.py`],
  },
  java: {
    name: "toxiproxy-java", needs: ["java", "javac", "mvn"], files: ["java/Round.java", "java/pom.xml"],
    build: async (target) => {
      await runProgram("mvn", ["--quiet", "--batch-mode", "--file", `${sources}java/pom.xml`, "dependency:copy-dependencies", `-DoutputDirectory=${target}/lib`]);
      await runProgram("javac", ["-cp", `${target}/lib/*`, "-d", `${target}/classes`, `${sources}java/Round.java`]);
    },
    command: (target) => ["java", "-XX:TieredStopAtLevel=1", "-cp", `${target}/classes:${target}/lib/*`, "Round"],
  },
  go: {
    name: `${toxiproxy.module}/client`, needs: ["go"], files: ["go/main.go", "go/go.mod", "go/go.sum"],
    build: (target) => runProgram("go", ["build", "-C", `${sources}go`, "-o", target, "."]),
    command: (target) => [target],
  },
} satisfies Record<string, Program>;

export type Language = keyof typeof programs;
export const languages: readonly Language[] = ["ruby", "python", "java", "go"];

export function clientName(language: Language): string {
  return programs[language].name;
}

/** Makes a program ready to be run. */
export function prepareClient(language: Language): Promise<Prepared> {
  return prepared(programs[language], `${built}${language}`);
}

/** The server itself, of a version that is known: what is on the PATH may be years old, and updates toxics by POST alone. */
export function prepareToxiproxy(): Promise<Prepared> {
  const { module, version } = toxiproxy;
  const program: Program = {
    name: "Toxiproxy", needs: ["go"], files: ["go/go.mod"],
    build: (target) => runProgram("env", [`GOBIN=${target}`, "go", "install", "-ldflags", `-X ${module}.Version=${version}`, `${module}/cmd/server@v${version}`]),
    command: (target) => [`${target}/server`],
  };
  return prepared(program, `${built}toxiproxy`);
}

async function prepared({ name, needs, files, build, command }: Program, target: string): Promise<Prepared> {
  const lacking = needs.filter((need) => findProgram(need) === undefined);
  if (lacking.length > 0) return { why: `skipped: needs ${lacking.join(", ")}` };
  try {
    const sum = files.map((file) => readFileSync(`${sources}${file}`, "utf8")).join("\n");
    if (files.length === 0 || readMark(target) !== sum) {
      mkdirSync(built, { recursive: true });
      await build(target);
      writeFileSync(`${target}.built`, sum);
    }
  } catch (error) {
    return { why: `skipped: ${name} cannot be had (${lastLine(error)})` };
  }
  return { command: command(target) };
}

function readMark(target: string): string | undefined {
  try {
    return readFileSync(`${target}.built`, "utf8");
  } catch {
    return undefined;
  }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1)?.slice(-200) ?? "";
}
