import { describe, expect, it } from "vitest";
import { hunt, requests, responses } from "./hunt.ts";
import type { Prey } from "./hunt.ts";

/** `FUZZ_MINUTES=30 npm run fuzz` hunts for that long among streams that no run has seen; `FUZZ_SEED=…` among those of a seed. */
const minutes = Number(process.env["FUZZ_MINUTES"] ?? 0);
const seed = process.env["FUZZ_SEED"] ?? (minutes > 0 ? new Date().toISOString() : "1");
const each = 60_000;

async function search<Stream extends { readonly bytes: Buffer; readonly packets: readonly Buffer[] }>(prey: Prey<Stream>) {
  const endMs = performance.now() + (minutes * 60_000) / 2;
  const bag = await hunt(prey, seed, (streams) => (minutes > 0 ? performance.now() < endMs : streams < each));
  if (minutes > 0) console.log(`seed ${seed}: ${bag.streams} streams`, bag.verdicts);
  return bag;
}

describe(`streams that are half odd, read by the proxy and by the strict parser of node:http (seed ${seed})`, () => {
  const timeoutMs = minutes * 60_000 + 180_000;

  it("of requests: what the proxy passes on has the same method, target, body and end for both; it rejects the rest, and delivers only what came", async () => {
    const { streams, verdicts, finds } = await search(requests);
    expect(finds).toEqual([]);
    // Most streams must get as far as a comparison.
    expect(verdicts["alike"]).toBeGreaterThan(streams / 3);
  }, timeoutMs);

  it("of answers: likewise, with their status and the interim responses before them", async () => {
    const { streams, verdicts, finds } = await search(responses);
    expect(finds).toEqual([]);
    // Most streams must get as far as a comparison.
    expect(verdicts["alike"]).toBeGreaterThan(streams / 3);
  }, timeoutMs);
});
