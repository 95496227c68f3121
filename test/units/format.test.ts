import { expect, test } from "vitest";
import { format } from "../../src/units/format.ts";

test.each([
  ["duration", 0.04, "0ms"],
  ["duration", 1.25, "1.3ms"],
  ["duration", 250.4, "250ms"],
  ["duration", 1934, "1.93s"],
  ["duration", 16_000, "16s"],
  ["duration", 60_000, "1m"],
  ["duration", 90_400, "1m 30s"],
  ["share", 0.975, "97.5%"],
  ["share", 1, "100%"],
  ["share", 0, "0%"],
  ["share", 0.9987, "99.87%"],
  ["share", 0.0001, "0.01%"],
  ["factor", 2.149, "2.15x"],
  ["rate", 25, "25/s"],
  ["size", 65_536, "64KiB"],
  ["size", 12, "12B"],
  ["throughput", 1_572_864, "1.5MiB/s"],
  ["count", 3, "3"],
] as const)("%s %d reads %s", (kind, value, text) => {
  expect(format(kind, value)).toBe(text);
});
