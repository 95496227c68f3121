import { describe, expect, it } from "vitest";
import { BodyProbe, bodyOfMessage, keyOfHead } from "../../../src/proxy/http1/correlation.ts";

const head = { target: "/orders/42/items?page=2", header: (name: string) => ({ "x-order": "o-7" })[name] };

describe("the correlation value", () => {
  it("of a path stands where the template has braces, in a path of the same shape", () => {
    expect(keyOfHead({ by: "path", template: "/orders/{}/items" }, head)).toBe("42");
    expect(keyOfHead({ by: "path", template: "/orders/{}" }, head)).toBeUndefined();
    expect(keyOfHead({ by: "path", template: "/users/{}/items" }, head)).toBeUndefined();
    expect(keyOfHead({ by: "header", header: "X-Order" }, head)).toBe("o-7");
  });

  it.each([
    ['{"a":{"b/c":[5]}}', "/a/b~1c/0", "5"],
    ['{"a":"é"}', "/a", "é"],
    ['{"a":{}}', "/a", undefined],
    ['{"a":1}', "/b", undefined],
    ["no json", "/a", undefined],
  ])("of the body %s at %s is %s", (body, pointer, key) => {
    const probe = new BodyProbe(pointer, bodyOfMessage);
    for (const byte of Buffer.from(`POST / HTTP/1.1\r\n\r\n${body}`)) probe.add(Buffer.from([byte]));
    expect(probe.key()).toBe(key);
  });

  it("is not looked for in a large body", () => {
    const probe = new BodyProbe("/a", bodyOfMessage);
    probe.add(Buffer.from(`POST / HTTP/1.1\r\n\r\n{"a":"${"x".repeat(70_000)}"}`));
    expect(probe.key()).toBeUndefined();
  });
});
