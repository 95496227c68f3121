// What rows need of this machine: the libraries under test, a version of Node, other toolchains.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { builds } from "./foreign.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const installed = `${folder}node_modules/.package-lock.json`;

/** Installs the libraries under test as the lock says, unless that was done since the lock changed. */
export function installSystems() {
  const lock = `${folder}package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error("installing the libraries under test …");
  // Some of them refuse older versions of Node: their rows are skipped there.
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

/** Commands that tell whether a toolchain is there. */
const toolchains = {
  java: ["java", ["-version"]],
  python3: ["python3", ["--version"]],
  go: ["go", ["version"]],
  nginx: ["nginx", ["-v"]],
  haproxy: ["haproxy", ["-v"]],
};
const found = new Map();

/** Why a row cannot be run here, in words; undefined: it can. */
export function lacksFor({ service = {}, needs = [], node, notWith = [] }, variations = []) {
  const library = service.config?.library;
  for (const variation of variations) if (notWith.includes(variation)) return `means nothing with ${variation}`;
  const least = node ?? leastNode(library);
  if (least !== undefined && compare(process.versions.node, least) < 0) return `${library ?? "it"} needs Node ${least}, this is ${process.versions.node}`;
  const missing = needs.find((name) => !isThere(name));
  return missing === undefined ? undefined : `${missing} is not installed`;
}

/** The least version of Node that a library under test says it runs on. */
function leastNode(library) {
  const manifest = `${folder}node_modules/${library}/package.json`;
  if (library === undefined || !existsSync(manifest)) return undefined;
  const { engines } = JSON.parse(readFileSync(manifest, "utf8"));
  const versions = [...(engines?.node ?? "").matchAll(/\d+(?:\.\d+)*/g)].map(([version]) => version);
  return versions.sort(compare)[0];
}

function compare(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let i = 0; i < 3; i += 1) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (left[i] ?? 0) - (right[i] ?? 0);
  return 0;
}

function isThere(name) {
  if (!found.has(name) && builds[name] !== undefined) found.set(name, isBuilt(name));
  if (!found.has(name)) {
    const [command, args] = toolchains[name] ?? [name, ["--version"]];
    found.set(name, spawnSync(command, args, { stdio: "ignore" }).status === 0);
  }
  return found.get(name);
}

function isBuilt(name) {
  try {
    builds[name]();
    return true;
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    return false;
  }
}
