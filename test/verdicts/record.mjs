// The small set of recorded journals: runs of rows with the tag `recorded`, kept in the repository and judged again by the tests.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { runRow } from "./run-row.mjs";

const folder = fileURLToPath(new URL("journals/", import.meta.url));
const root = fileURLToPath(new URL("../../", import.meta.url));
const list = `${folder}expected.json`;
let writing = Promise.resolve();

/** Runs a row and, when its verdict is right, writes its journal without the paths of this machine. */
export async function record(row) {
  const keep = await mkdtemp(join(tmpdir(), "chaos-record-"));
  try {
    const result = await runRow(row, { keep });
    if (result.score !== "right") return result;
    const text = await readFile(join(keep, `${row.id}-1.ndjson`), "utf8");
    const clean = text.replaceAll(root, "").replace(/"file":"[^"]*"/, `"file":"${row.id}.yaml"`);
    await writeFile(`${folder}${row.id}.ndjson.gz`, gzipSync(clean, { level: 9 }));
    writing = writing.then(() => enter(row.id, { verdict: row.expect, claims: Object.fromEntries(result.claims.map(({ claim, verdict }) => [claim, verdict])) }));
    await writing;
    return result;
  } finally {
    await rm(keep, { recursive: true, force: true });
  }
}

async function enter(id, expected) {
  const all = { ...JSON.parse(await readFile(list, "utf8").catch(() => "{}")), [id]: expected };
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b)));
  await writeFile(list, `${JSON.stringify(sorted, undefined, 1)}\n`);
}
