import { expect, test } from "vitest";
import { changeText } from "../../src/cli/served-text.ts";
import { proxiesText } from "../../src/cli/toxics-text.ts";

const output = { write: () => undefined, colour: false, width: 80, live: false };
const proxy = {
  name: "a\u001B[2J\r\nremoved b", listen: "127.0.0.1:1", upstream: "127.0.0.1:2\u009B5n", enabled: true,
  toxics: [{ name: "t\u0007", type: "latency", stream: "downstream", toxicity: 1, attributes: { "\u001Bk": "\u001Bv" } }],
} as const;

test("whoever names a proxy writes no line of his own to the terminal, and moves nothing on it", () => {
  expect(changeText({ kind: "proxy", change: "created", proxy: proxy.name, now: proxy, withToxics: true }, output)).toBe("created a [2J  removed b: 127.0.0.1:1 → 127.0.0.1:2 5n\n  t   latency  downstream   k= v\n");
  expect(proxiesText([proxy], output)).toBe("a [2J  removed b  127.0.0.1:1 → 127.0.0.1:2 5n\n  t   latency  downstream   k= v\n");
});
