// The rows, by family, and the choice among them.
import { readdir } from "node:fs/promises";

const expectations = ["held", "violated", "inconclusive"];

/**
 * All rows in the order of their files and ids: { id, family, tags, node, needs, service, upstream, experiment, hypothesis, expect, claim, reason, keeps, why }.
 * Throws for two rows of one id, and for a row that lacks what every row has.
 */
export async function loadRows() {
  const folder = new URL("rows/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".mjs")).sort();
  const rows = [];
  for (const file of files) {
    const { rows: own } = await import(new URL(file, folder).href);
    rows.push(...own.map((row) => ({ tags: [], ...row, family: file.replace(".mjs", "") })));
  }
  const seen = new Set();
  for (const { id, hypothesis, expect, why } of rows) {
    if (seen.has(id)) throw new Error(`two rows are called ${id}`);
    seen.add(id);
    if (hypothesis?.type === undefined || !expectations.includes(expect) || !why) throw new Error(`row ${id}: expected a hypothesis with a type, expect (${expectations.join(", ")}) and why`);
  }
  return rows;
}

/** Rows whose id is named or fits a pattern with *, or whose family is named; with the tag, where one is given; the shard i of n, where one is given. */
export function chooseRows(rows, { only = [], tags = [], shard } = {}) {
  const patterns = only.map((pattern) => new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "i"));
  const chosen = rows.filter(({ id, family, tags: own }) =>
    (patterns.length === 0 || patterns.some((pattern) => pattern.test(id) || pattern.test(family))) && tags.every((tag) => own.includes(tag)));
  if (shard === undefined) return chosen;
  return chosen.filter((_, i) => i % shard.of === shard.nth - 1);
}
