import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { ExchangeFacts } from "../../src/faults/subject.ts";

const fault = (selection: Partial<Selection>): Fault => ({
  name: "f", type: "drop", layer: "exchange", proxy: "payments", direction: "both", params: {},
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection },
});
const selector = (selection: Partial<Selection>): Selector => new Selector({ seed: "seed", epoch: 1, faults: [fault(selection)], startMs: 0 });
const twice = { attempt: { min: 1, max: 2 } };
const half = { rateShare: 0.5 };

/** A call written as `POST /charges`, of request `r` unless told otherwise. */
const call = (text: string, request: string | undefined = "r"): ExchangeFacts => {
  const [method = "", path = ""] = text.split(" ");
  return { method, path, header: () => undefined, connection: 1, caller: "checkout", request };
};
const decide = (of: Selector, facts: ExchangeFacts): string => of.exchange(facts, 1000)[0]?.decision ?? "";
const play = (selection: Partial<Selection>, calls: readonly string[]): readonly string[] => {
  const of = selector(selection);
  return calls.map((text) => decide(of, call(text)));
};

describe("attempts of a request", () => {
  test("are its calls with one method and path: what it calls beside them is not counted with them", () => {
    expect(play({ ...twice, match: { path: { equals: "/charges" } } }, ["GET /rates", "POST /charges", "POST /charges", "POST /charges"])).toEqual(["match", "applied", "applied", "ordinal"]);
    expect(play(twice, ["POST /charges", "GET /charges", "POST /charges", "GET /charges", "GET /charges", "POST /charges"])).toEqual(["applied", "applied", "applied", "applied", "ordinal", "ordinal"]);
  });

  test("have the same query, as they have for the hypotheses about retries", () => {
    expect(play({ attempt: { min: 1, max: 1 } }, ["GET /prices?sku=1", "GET /prices?sku=2", "GET /prices?sku=1"])).toEqual(["applied", "applied", "ordinal"]);
  });

  test("ask for the same, whoever is asked: the origin of an absolute target, and the host of a CONNECT, change nothing", () => {
    expect(play({ attempt: { min: 1, max: 1 } }, ["GET http://a:1/x?y", "GET http://b/x?y", "GET /x?y", "CONNECT a:443", "CONNECT b:443"])).toEqual(["applied", "ordinal", "ordinal", "applied", "ordinal"]);
  });

  test("are still told apart when a request has made thousands of other calls, and are forgotten when it has made many more", () => {
    const callsBetween = (count: number): string => play({ attempt: { min: 1, max: 1 } }, ["POST /charges", ...Array.from({ length: count }, (_, i) => `GET /items/${i}`), "POST /charges"]).at(-1) ?? "";
    expect(callsBetween(20_000)).toBe("ordinal");
    expect(callsBetween(100_000)).toBe("applied");
  });
});

describe("draws for a request", () => {
  const requests = Array.from({ length: 200 }, (_, i) => `r${i}`);

  test("are the same for each of its calls, whichever of several at once comes first", () => {
    const fates = (calls: readonly string[]): readonly (readonly string[])[] => {
      const of = selector(half);
      return requests.map((request) => calls.map((text) => `${text} ${decide(of, call(text, request))}`).toSorted());
    };
    expect(fates(["GET /b", "GET /a?x=2", "POST /a", "GET /a", "GET /a?x=1"])).toEqual(fates(["GET /a", "GET /a?x=1", "GET /a?x=2", "GET /b", "POST /a"]));
  });

  test("are others for each of its calls", () => {
    const of = selector(half);
    const pairs = requests.map((request) => decide(of, call("GET /a", request)) === decide(of, call("GET /b", request)));
    expect(pairs.filter(Boolean).length).toBeGreaterThan(60);
    expect(pairs.filter(Boolean).length).toBeLessThan(140);
  });

  test("do not go by the port of an absolute target, which may be another in each run", () => {
    const fates = (origin: string): readonly string[] => requests.map((request) => decide(selector(half), call(`GET ${origin}/a`, request)));
    expect(fates("http://127.0.0.1:40001")).toEqual(fates("http://127.0.0.1:40002"));
  });
});
