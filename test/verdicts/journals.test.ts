import { createReadStream, readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { describe, expect, test } from "vitest";
import { judgeJournal } from "../../src/run/index.ts";

interface Expected {
  readonly verdict: string;
  readonly claims: Readonly<Record<string, string>>;
}

const folder = new URL("journals/", import.meta.url);
const expected: Readonly<Record<string, Expected>> = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8"));
const recorded = Object.entries(expected);

/** The lines of a journal that was kept compressed. */
function linesOf(id: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(new URL(`${id}.ndjson.gz`, folder)).pipe(createGunzip()), crlfDelay: Number.POSITIVE_INFINITY });
}

describe("recorded runs of services whose right answer is known", () => {
  test.each(recorded)("%s is judged as it was", async (id, { verdict, claims }) => {
    const { hypotheses: [judged] } = await judgeJournal(linesOf(id));
    expect({ verdict: judged?.verdict, claims: Object.fromEntries(judged?.claims.map((one) => [one.claim, one.verdict]) ?? []) }).toEqual({ verdict, claims });
  });

  test("are all there, of each verdict several, and small", () => {
    const files = readdirSync(folder).filter((file) => file.endsWith(".gz"));
    expect(files.map((file) => file.replace(".ndjson.gz", "")).sort()).toEqual(recorded.map(([id]) => id).sort());
    for (const word of ["held", "violated", "inconclusive"]) expect(recorded.filter(([, { verdict }]) => verdict === word).length).toBeGreaterThanOrEqual(5);
    expect(files.reduce((sum, file) => sum + readFileSync(new URL(file, folder)).length, 0)).toBeLessThan(3_000_000);
  });
});
