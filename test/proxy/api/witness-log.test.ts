import { describe, expect, it } from "vitest";
import { WitnessLog } from "../../../src/proxy/api/witness-log.ts";
import type { LogEntry } from "../../../src/proxy/api/witness-log.ts";
import { aConnection, anExchange } from "./records.ts";

const aLog = (): WitnessLog => new WitnessLog({ nowMs: () => 7, after: () => ({ cancel: () => undefined }) }, 1_000);
const numbers = (log: WitnessLog, count = 1_000, proxy = "payments"): readonly number[] => log.last(proxy, count).map(({ conn }) => conn);

describe("the log of what went through", () => {
  it("holds the last thousand of each proxy, newest last", () => {
    const log = aLog();
    log.add(Array.from({ length: 2_500 }, (_, i) => anExchange({ conn: i + 1 })));
    log.add([anExchange({ proxy: "other", conn: 9_000 })]);
    expect(numbers(log)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1_501));
    expect(numbers(log, 3)).toEqual([2_498, 2_499, 2_500]);
    expect(numbers(log, 1_000, "other")).toEqual([9_000]);
    expect(numbers(log, 1_000, "none")).toEqual([]);
  });

  it("tells of a connection where it carried no HTTP, or a fault was asked about it", () => {
    const log = aLog();
    log.add([aConnection({ conn: 1, exchanges: 0 }), aConnection({ conn: 2, exchanges: 3 }), aConnection({ conn: 3, exchanges: 3, faults: [] }), { kind: "stall", atMs: 1, thread: "main", lateMs: 9 }]);
    expect(numbers(log)).toEqual([1, 3]);
  });

  it("forgets a proxy that is removed, and what is left of one of the same name", () => {
    const log = aLog();
    log.add([anExchange()]);
    log.tell({ kind: "proxy", change: "updated", proxy: "payments" });
    expect(numbers(log)).toHaveLength(1);
    log.tell({ kind: "proxy", change: "removed", proxy: "payments" });
    expect(numbers(log)).toHaveLength(0);
    log.add([anExchange()]);
    log.tell({ kind: "proxy", change: "created", proxy: "payments" });
    expect(numbers(log)).toHaveLength(0);
  });

  it("holds a hundred thousand in all: the proxy that is idle for longest is forgotten first", () => {
    const log = aLog();
    for (let proxy = 0; proxy < 101; proxy += 1) log.add(Array.from({ length: 1_000 }, () => anExchange({ proxy: `p${proxy}` })));
    expect(numbers(log, 1_000, "p0")).toHaveLength(0);
    expect(numbers(log, 1_000, "p1")).toHaveLength(1_000);
    expect(numbers(log, 1_000, "p100")).toHaveLength(1_000);
  });

  it("tells who watches of everything, until it stops", () => {
    const log = aLog();
    const told: LogEntry[] = [];
    const stop = log.watch((entries) => told.push(...entries));
    const record = anExchange();
    log.add([record]);
    log.tell({ kind: "toxic", change: "added", proxy: "payments", toxic: "slow" });
    stop();
    log.add([record]);
    expect(told).toEqual([{ kind: "witnessed", record }, { kind: "changed", atMs: 7, event: { kind: "toxic", change: "added", proxy: "payments", toxic: "slow" } }]);
  });
});
