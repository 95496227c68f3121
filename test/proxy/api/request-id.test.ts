import { expect, test } from "vitest";
import { nextRequestId } from "../../../src/proxy/api/request-id.ts";

test("a request id is 20 characters of base 32, never twice the same, and sorts by time", () => {
  const ids = Array.from({ length: 10_000 }, () => nextRequestId(1_800_000_000_000));
  for (const id of ids.slice(0, 100)) expect(id).toMatch(/^[0-9a-v]{20}$/);
  expect(new Set(ids).size).toBe(10_000);
  expect(nextRequestId(1_800_000_001_000) > nextRequestId(1_800_000_000_000)).toBe(true);
});

test("a request id holds its second as an xid does", () => {
  // The first 32 bits, five a character.
  expect(nextRequestId(0).slice(0, 6)).toBe("000000");
  expect(nextRequestId(0x4d88e15b * 1000).slice(0, 6)).toBe("9m4e2m");
});
