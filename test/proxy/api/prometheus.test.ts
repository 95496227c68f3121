import { expect, test } from "vitest";
import { Counter } from "../../../src/proxy/api/counter.ts";
import { exposition } from "../../../src/proxy/api/prometheus.ts";

test("figures are written in the text format of Prometheus, and those without samples not at all", () => {
  expect(exposition([
    { name: "a_total", type: "counter", help: "Two\nlines \\ of help.", samples: [{ labels: { proxy: 'a"b\\c\nd', to: "x" }, value: 3 }, { labels: {}, value: 0.5 }] },
    { name: "empty", type: "gauge", help: "Nothing.", samples: [] },
    { name: "b", type: "gauge", help: "Odd.", samples: [Number.NaN, Infinity, -Infinity, 1e21].map((value) => ({ labels: {}, value })) },
  ])).toBe([
    "# HELP a_total Two\\nlines \\\\ of help.", "# TYPE a_total counter", 'a_total{proxy="a\\"b\\\\c\\nd",to="x"} 3', "a_total 0.5",
    "# HELP b Odd.", "# TYPE b gauge", "b NaN", "b +Inf", "b -Inf", "b 1e+21", "",
  ].join("\n"));
});

test("a counter counts by its labels, and forgets the oldest of too many", () => {
  const counter = new Counter(["proxy", "end"]);
  counter.add(["a", "x"]);
  counter.add(["a", "x"], 2);
  counter.add(["a", "y"], 0);
  expect(counter.samples()).toEqual([{ labels: { proxy: "a", end: "x" }, value: 3 }, { labels: { proxy: "a", end: "y" }, value: 0 }]);
  for (let i = 0; i < 10_000; i += 1) counter.add([String(i), "x"]);
  expect(counter.samples()).toHaveLength(10_000);
  expect(counter.samples()[0]).toEqual({ labels: { proxy: "0", end: "x" }, value: 1 });
});
