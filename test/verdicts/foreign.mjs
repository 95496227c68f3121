// Services in other languages: what they are run by, and how their libraries come, on demand, into a folder that is not kept.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("services/", import.meta.url));
const built = fileURLToPath(new URL("node_modules/.foreign/", import.meta.url));
const longestMs = 300_000;

/** Command lines of the services, to be laid over that of a row. */
export const commands = {
  python: [`${built}python/bin/python`, `${folder}python/client.py`],
  go: [`${built}go`],
  java: ["java", "-XX:TieredStopAtLevel=1", "-cp", `${built}java/classes:${built}java/lib/*`, "Client"],
};

/** What a row may need besides a toolchain: each makes its libraries ready, once, and throws when they cannot be had. */
export const builds = {
  "python-libraries": () => once("python", ["requirements.txt"], (target) => {
    run("python3", ["-m", "venv", target]);
    run(`${target}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", "--requirement", `${folder}python/requirements.txt`]);
  }),
  "go-modules": () => once("go", ["main.go", "go.mod"], (target) => run("go", ["build", "-o", target, "."], { cwd: `${folder}go` })),
  "maven-libraries": () => once("java", ["Client.java", "pom.xml"], (target) => {
    run("mvn", ["--quiet", "--batch-mode", "--file", `${folder}java/pom.xml`, "dependency:copy-dependencies", `-DoutputDirectory=${target}/lib`]);
    run("javac", ["-cp", `${target}/lib/*`, "-d", `${target}/classes`, `${folder}java/Client.java`]);
  }),
};

/** `sources`: built anew when one of them has changed since. */
function once(name, sources, build) {
  const [target, mark] = [`${built}${name}`, `${built}${name}.built`];
  const sum = sources.map((source) => readFileSync(`${folder}${name}/${source}`, "utf8")).join("\n");
  if (existsSync(mark) && readFileSync(mark, "utf8") === sum) return;
  console.error(`building the services in ${name} …`);
  mkdirSync(built, { recursive: true });
  build(target);
  writeFileSync(mark, sum);
}

function run(command, args, options = {}) {
  execFileSync(command, args, { timeout: longestMs, stdio: ["ignore", "ignore", "inherit"], ...options });
}
