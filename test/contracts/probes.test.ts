import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { resolve } from "../../src/experiment/interpolate.ts";
import type { Json } from "../../src/model/json.ts";
import { findProbeType, probeTypes } from "../../src/probes/index.ts";

const endpoint = { host: "127.0.0.1", port: 4711, url: "http://127.0.0.1:4711" };
const scope = { services: { checkout: endpoint }, proxies: { cache: endpoint }, request: { id: "r1", n: 1 } };

describe.each(probeTypes)("the probe $type", (probe) => {
  const params = (): unknown => resolve(probe.params.parse(parse(probe.example)) as Json, scope);

  test("stands in a file of its own name, and is found by it", () => {
    expect(existsSync(new URL(`../../src/probes/${probe.type}.ts`, import.meta.url))).toBe(true);
    expect(findProbeType(probe.type)).toBe(probe);
  });

  test("has a summary that is one sentence", () => {
    expect(probe.summary).toMatch(/^[A-Z][^\n]{10,90}\.$/);
  });

  test("explains its example in a sentence that says what is good", () => {
    expect(probe.explain(params())).toMatch(/good: \S/);
  });

  test("keeps the shape of its parameters, so that they can be filled and used without being parsed again", () => {
    expect(probe.params.parse(JSON.parse(JSON.stringify(params())))).toEqual(params());
  });

  test("asks the same each time, in plain data", () => {
    const call = probe.ask(params());
    expect(call.kind).toBe(probe.type);
    expect(probe.ask(params())).toEqual(call);
    expect(JSON.parse(JSON.stringify(call))).toEqual(call);
  });

  test("grades an answer that never came as bad, and says why", () => {
    for (const failure of ["timeout", "refused", "reset", "closed", "dns", "tls", "malformed", "EPIPE"]) {
      expect(probe.grade(params(), { failure })).toBe("bad");
      expect(probe.blame(params(), { failure })).toMatch(/^\S[^\n]{5,199}$/);
    }
  });

  test("has something to blame for every answer that is not good", () => {
    const answer = { status: 599, headers: {}, body: "x".repeat(500), bodyBytes: 500, exitCode: 9, stdout: "x".repeat(500) };
    expect(probe.grade(params(), answer)).toBe("bad");
    expect(probe.blame(params(), answer)).toMatch(/^\S[^\n]{5,199}$/);
  });

  test.each([[null], [[]], ["x"], [{ unheardOf: 1 }], [{ ...(parse(probe.example) as object), expect: 3 }], [{ ...(parse(probe.example) as object), typo: true }]])("refuses %j", (junk) => {
    expect(probe.params.safeParse(junk).success).toBe(false);
  });

  test("describes every parameter for editors", () => {
    const shape = z.toJSONSchema(probe.params, { io: "input", unrepresentable: "any" }) as { properties?: Record<string, { description?: string }> };
    for (const [key, part] of Object.entries(shape.properties ?? {})) expect(part.description, `${probe.type}.${key}`).toMatch(/\S/);
  });
});

test("no two probes share a name", () => {
  expect(new Set(probeTypes.map(({ type }) => type)).size).toBe(probeTypes.length);
  expect(findProbeType("telepathy")).toBeUndefined();
});
