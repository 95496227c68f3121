import { describe, expect, test } from "vitest";
import { decodeRequestId, decodeRequestKey, encodeRequestKey, requestId } from "../../src/math/request-key.ts";

describe("request keys", () => {
  test("come back as the probe and number they were made of", () => {
    for (const probeIndex of [0, 1, 7, 65_535]) {
      for (const n of [1, 2, 999, 1_000_000, 2 ** 32 - 1]) {
        const key = encodeRequestKey("payment-latency", probeIndex, n);
        expect(key).toMatch(/^[0-9a-f]{16}$/);
        expect(decodeRequestKey("payment-latency", key)).toEqual({ probeIndex, n });
      }
    }
  });

  test("are the same for the same seed, and foreign to another", () => {
    expect(encodeRequestKey("a", 0, 5)).toBe(encodeRequestKey("a", 0, 5));
    const foreign = Array.from({ length: 200 }, (_, i) => decodeRequestKey("b", encodeRequestKey("a", 0, i + 1)));
    expect(foreign.every((found) => found === undefined)).toBe(true);
  });

  test("spread evenly: every last hex digit is seen about equally often", () => {
    const seen = new Map<string, number>();
    for (let n = 1; n <= 3200; n++) {
      const digit = encodeRequestKey("s", 2, n).at(-1) ?? "";
      seen.set(digit, (seen.get(digit) ?? 0) + 1);
    }
    expect(seen.size).toBe(16);
    expect(Math.min(...seen.values())).toBeGreaterThan(140);
  });

  test("refuse texts that are no keys", () => {
    expect(decodeRequestKey("a", "")).toBeUndefined();
    expect(decodeRequestKey("a", "zz")).toBeUndefined();
    expect(decodeRequestKey("a", "0".repeat(16))).toBeUndefined();
  });
});

describe("request ids", () => {
  test("name probe and number, also of a probe with dashes", () => {
    const id = requestId("check-out-2", 17, "0123456789abcdef");
    expect(id).toBe("check-out-2-17-01234567");
    expect(decodeRequestId(id, "0123456789abcdef")).toEqual({ probe: "check-out-2", n: 17 });
  });

  test("of another run are not taken for this one's", () => {
    expect(decodeRequestId(requestId("p", 1, "ffffffffffffffff"), "0123456789abcdef")).toBeUndefined();
  });
});
