import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { ExchangeFacts } from "../../src/faults/subject.ts";
import type { WebSocketFaults } from "../../src/faults/web-socket-faults.ts";

const fault = (selection: Partial<Selection> = {}, over: Partial<Fault> = {}): Fault => ({
  name: "lost", type: "websocket-drop", layer: "exchange", proxy: "prices", direction: "response", params: {},
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection },
  ...over,
});
const closing = (selection: Partial<Selection> = {}): Fault => fault(selection, { name: "closed", type: "websocket-close", params: { code: 1012, afterMessages: 0 } });
const upgrade = (conn: number, path = "/feed"): ExchangeFacts => ({ method: "GET", path, header: (name) => (name === "x-tenant" ? `tenant ${conn % 2}` : undefined), connection: conn, caller: "quotes" });
const selector = (...faults: readonly Fault[]): Selector => new Selector({ seed: "seed", epoch: 1, faults, startMs: 1000 });
const open = (of: Selector, conn = 1, path?: string): WebSocketFaults => {
  const found = of.webSocket(upgrade(conn, path));
  if (found === undefined) throw new Error("expected faults that act inside WebSockets, got none");
  return found;
};
const words = (of: WebSocketFaults, count: number, direction: "request" | "response" = "response", nowMs = 1000): readonly string[] =>
  Array.from({ length: count }, (_, i) => of.message(direction, i + 1, nowMs).map(({ decision, n }) => `${decision}${n === undefined ? "" : ` ${n}`}`).join());

test("without a fault on WebSockets there is nothing to ask, and other faults are not asked of messages", () => {
  const drop: Fault = { ...fault(), name: "drop", type: "drop" };
  expect(selector(drop).webSocket(upgrade(1))).toBeUndefined();
  expect(open(selector(drop, fault())).message("response", 1, 1000).map(({ fault: name }) => name)).toEqual(["lost"]);
  expect(selector(fault(), closing()).exchange(upgrade(1), 1000)).toEqual([]);
});

describe("messages", () => {
  test("are asked about in the fault's direction only", () => {
    const of = open(selector(fault(), fault({}, { name: "up", direction: "request" }), fault({}, { name: "all", direction: "both" })));
    expect(of.message("response", 1, 1000).map(({ fault: name }) => name)).toEqual(["lost", "all"]);
    expect(of.message("request", 1, 1000).map(({ fault: name }) => name)).toEqual(["up", "all"]);
  });

  test("pass match, window, ordinals and rate in this order, and are numbered over all WebSockets", () => {
    const of = selector(fault({ match: { path: { glob: "/feed" } }, fromMs: 500, after: 1, first: 2 }));
    expect(words(open(of, 1, "/other"), 1, "response", 1500)).toEqual(["match"]);
    const [one, other] = [open(of, 2), open(of, 3)];
    expect(words(one, 1)).toEqual(["window"]);
    expect(words(one, 2, "response", 1500)).toEqual(["ordinal 1", "applied 2"]);
    expect(words(other, 2, "response", 1500)).toEqual(["applied 3", "ordinal 4"]);
  });

  test("are numbered separately per connection, or per header of the request that asked for the WebSocket", () => {
    for (const per of ["connection", { header: "x-tenant" }] as const) {
      const of = selector(fault({ first: 1, per }));
      expect([1, 2].map((conn) => words(open(of, conn), 2))).toEqual([["applied 1", "ordinal 2"], ["applied 1", "ordinal 2"]]);
    }
  });

  test("meet the same fate by connection, direction and number, whatever came before on others", () => {
    const fates = (of: Selector): readonly string[] => words(open(of, 7), 200, "request").map((word) => word.split(" ")[0] ?? "");
    const half = fault({ rateShare: 0.5 }, { direction: "both" });
    const busy = selector(half);
    words(open(busy, 1), 13);
    expect(fates(busy)).toEqual(fates(selector(half)));
    expect(words(open(selector(half), 7), 200).map((word) => word.split(" ")[0])).not.toEqual(fates(selector(half)));
    expect(fates(selector(half)).filter((word) => word === "applied").length).toBeGreaterThan(70);
  });

  test("that end a silence can be told", () => {
    const of = open(selector(fault({ afterSilenceMs: 100 })));
    expect([1050, 1200, 1210, 1500].map((nowMs, i) => of.message("response", i + 1, nowMs)[0]?.decision)).toEqual(["ordinal", "applied", "ordinal", "applied"]);
  });
});

describe("WebSockets as a whole", () => {
  test("are numbered when they are first eligible, and keep number and fate when asked again", () => {
    const of = selector(closing({ every: 2, fromMs: 100 }));
    const all = [1, 2, 3].map((conn) => open(of, conn));
    const ask = (nowMs: number): readonly string[] => all.flatMap((one) => one.whole(nowMs).map(({ decision, n }) => `${decision} ${n}`));
    expect(ask(1000)).toEqual(Array.from({ length: 3 }, () => "window undefined"));
    expect(ask(1100)).toEqual(["ordinal 1", "applied 2", "ordinal 3"]);
    expect(ask(1200)).toEqual(["ordinal 1", "applied 2", "ordinal 3"]);
  });

  test("are closed in the fault's direction", () => {
    expect(open(selector(closing())).whole(1000)).toEqual([{ fault: "closed", decision: "applied", n: 1, effects: [{ kind: "close-frame", direction: "response", code: 1012, reason: "", afterMessages: 0 }] }]);
  });
});
