import { describe, expect, test } from "vitest";
import { resolve } from "../../src/experiment/interpolate.ts";

const endpoint = (port: number): { host: string; port: number; url: string } => ({ host: "127.0.0.1", port, url: `http://127.0.0.1:${port}` });
const scope = { services: { checkout: endpoint(1), "checkout#2": endpoint(2) }, proxies: { payments: endpoint(3) }, secrets: { key: "a${b}" }, request: { id: "r-7", n: 7 } };

describe("filling placeholders", () => {
  test("reaches every text of a value, and no key", () => {
    expect(resolve({ "${request.id}": ["${request.id}", { a: "x-${services.checkout#2.port}" }], n: 3, none: null }, scope)).toEqual({ "${request.id}": ["r-7", { a: "x-2" }], n: 3, none: null });
  });

  test("keeps the type of a placeholder alone, and makes text of several", () => {
    expect(resolve("${services.checkout.port}", scope)).toBe(1);
    expect(resolve("${services.checkout.port}${request.n}", scope)).toBe("17");
    expect(resolve("", scope)).toBe("");
  });

  test("does not fill what it filled in, nor what is escaped", () => {
    expect(resolve("${secrets.key} $${secrets.key}", scope)).toBe("a${b} ${secrets.key}");
  });

  test.each(["${services.payments.url}", "${services.checkout.uri}", "${request.constructor}", "${vars.a}", "${", "${x}"])("throws for %s, which is not there", (text) => {
    expect(() => resolve(text, scope)).toThrow(expect.objectContaining({ code: "undefined-reference" }) as Error);
  });
});
