import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { Decided, ExchangeFacts } from "../../src/faults/subject.ts";

const fault = (selection: Partial<Selection>): Fault => ({
  name: "f", type: "drop", layer: "exchange", proxy: "payments", direction: "response", params: {},
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", afterSilenceMs: 1000, ...selection },
});
const startMs = 5000;

/** What is decided about calls that come at these times, ms since the fault was put in force. */
const play = (selection: Partial<Selection>, timesMs: readonly number[], of: (i: number) => Partial<ExchangeFacts> = () => ({})): readonly Decided[] => {
  const selector = new Selector({ seed: "seed", epoch: 1, faults: [fault(selection)], startMs });
  return timesMs.flatMap((ms, i) => selector.exchange({ method: "POST", path: "/charges", header: () => undefined, connection: 1, caller: "checkout", ...of(i) }, startMs + ms));
};
const words = (...args: Parameters<typeof play>): readonly string[] => play(...args).map(({ decision }) => decision);

describe("after a silence", () => {
  test("only the first call is hit, and the next one after the next silence", () => {
    expect(words({}, [10, 20, 1020, 1021, 1500, 2400, 3399.9, 4400])).toEqual(["ordinal", "ordinal", "applied", "ordinal", "ordinal", "ordinal", "ordinal", "applied"]);
  });

  test("of two calls at once the first is hit", () => {
    expect(words({}, [10, 1500, 1500, 1500])).toEqual(["ordinal", "applied", "ordinal", "ordinal"]);
  });

  test("the silence before the faults came into force is not counted, that from then on is", () => {
    expect(words({}, [999])).toEqual(["ordinal"]);
    expect(words({}, [1000])).toEqual(["applied"]);
  });

  test("calls before the window break a silence, which may begin before it", () => {
    expect(words({ fromMs: 2000 }, [1900, 2500, 3500])).toEqual(["window", "ordinal", "applied"]);
    expect(words({ fromMs: 2000 }, [900, 2001])).toEqual(["window", "applied"]);
  });

  test("calls in the pause of a flap break a silence", () => {
    expect(words({ flap: { onMs: 1000, offMs: 1000 } }, [10, 1900, 2200, 4100])).toEqual(["ordinal", "window", "ordinal", "applied"]);
  });

  test("calls that do not match break none", () => {
    const path = (i: number): Partial<ExchangeFacts> => ({ path: i % 2 === 0 ? "/charges" : "/health" });
    expect(words({ match: { path: { equals: "/charges" } } }, [10, 500, 1100, 1150, 2200], path)).toEqual(["ordinal", "match", "applied", "match", "applied"]);
  });

  test("is counted apart for each of its per", () => {
    const connection = (i: number): Partial<ExchangeFacts> => ({ connection: i % 2 });
    expect(words({ per: "connection" }, [100, 200, 900, 1300, 1900, 1950], connection)).toEqual(["ordinal", "ordinal", "ordinal", "applied", "applied", "ordinal"]);
  });

  test("first, after and every count the calls that end a silence, and n all that are eligible", () => {
    const times = [10, 2000, 2010, 4000, 4010, 6000, 8000];
    const hit = (selection: Partial<Selection>): readonly (number | undefined)[] => play(selection, times).filter(({ decision }) => decision === "applied").map(({ n }) => n);
    expect(hit({})).toEqual([2, 4, 6, 7]);
    expect(hit({ first: 1 })).toEqual([2]);
    expect(hit({ after: 1, first: 1 })).toEqual([4]);
    expect(hit({ every: 2 })).toEqual([4, 7]);
  });

  test("the rate is asked last", () => {
    expect(words({ rateShare: 0 }, [10, 2000])).toEqual(["ordinal", "rate"]);
  });
});
