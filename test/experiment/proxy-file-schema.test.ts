import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseProxyFile, proxyFileJsonSchema } from "../../src/experiment/index.ts";
import { toxicTypes } from "../../src/toxics/index.ts";
import { conforms } from "./conforms.ts";

const schema = proxyFileJsonSchema();

const good: readonly (readonly [string, string])[] = [
  ["a map with faults", "proxies:\n  payments: { listen: 127.0.0.1:18001, upstream: http://127.0.0.1:8080 }\nfaults:\n  - { proxy: payments, type: error, status: 503, rate: 20% }\n"],
  ["a bare address, disabled, with toxics", "proxies:\n  db: { upstream: 127.0.0.1:5432, enabled: false, toxics: [{ type: latency, attributes: { latency: 100 } }, { type: half_open, stream: upstream, toxicity: 0.5 }] }\n"],
  ["Toxiproxy's list", '[{ "name": "a", "listen": "127.0.0.1:1", "upstream": "x:1", "enabled": true, "toxics": [{ "type": "bandwidth", "attributes": { "rate": 0 } }] }]'],
];

const bad: readonly (readonly [string, string])[] = [
  ["no upstream", "proxies:\n  payments: { listen: 127.0.0.1:1 }\n"],
  ["an unknown key of a proxy", "proxies:\n  payments: { upstream: 127.0.0.1:1, listn: 127.0.0.1:1 }\n"],
  ["an unknown toxic", "proxies:\n  payments: { upstream: 127.0.0.1:1, toxics: [{ type: latncy }] }\n"],
  ["an attribute that is no number", "proxies:\n  payments: { upstream: 127.0.0.1:1, toxics: [{ type: latency, attributes: { latency: 1s } }] }\n"],
  ["a fault of a process", "proxies:\n  payments: { upstream: 127.0.0.1:1 }\nfaults:\n  - { type: kill, service: shop }\n"],
  ["an unknown fault", "proxies:\n  payments: { upstream: 127.0.0.1:1 }\nfaults:\n  - { type: latncy, proxy: payments }\n"],
];

describe("the published JSON Schema of proxy files", () => {
  test("is what stands in schema/proxies.schema.json (when not: vitest run test/experiment/proxy-file-schema.test.ts --update)", async () => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../schema/proxies.schema.json");
  });

  test.each(good)("accepts %s, as the reader does", (_what, text) => {
    expect(conforms(schema, parse(text))).toEqual([]);
    expect(parseProxyFile(text, { file: "x.yaml", env: {} })).toMatchObject({ issues: [] });
  });

  test.each(bad)("refuses %s, as the reader does", (_what, text) => {
    expect(conforms(schema, parse(text))).not.toEqual([]);
    expect(parseProxyFile(text, { file: "x.yaml", env: {} }).proxies).toBeUndefined();
  });

  test("has an alternative for each toxic", () => {
    const text = JSON.stringify(schema);
    for (const { type } of toxicTypes) expect(text).toContain(`"title":"${type}"`);
  });
});
