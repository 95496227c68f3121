import { describe, expect, it } from "vitest";
import type { WitnessRecord } from "../../src/model/event.ts";
import { limitIssues } from "../../src/model/limits.ts";
import { openFilesProblem, tellShortagesOnce, tooManyConnections } from "../../src/proxy/shortages.ts";

const issue = (code: string, atMs: number): WitnessRecord => ({ kind: "witness-issue", atMs, proxy: "edge", code, message: code });

describe("what runs out", () => {
  it("is told once for each kind, and all else as often as it comes", () => {
    const records: WitnessRecord[] = [];
    const record = tellShortagesOnce((one) => records.push(one));
    const codes = ["EMFILE", tooManyConnections, "malformed-response", "EMFILE", "ENFILE", tooManyConnections, "malformed-response"];
    for (const [i, code] of codes.entries()) record(issue(code, i));
    record({ kind: "unwitnessed", atMs: 9, proxy: "edge", startMs: 1, endMs: 2 });
    expect(records.map((one) => (one.kind === "witness-issue" ? [one.code, one.atMs] : one.kind))).toEqual([["EMFILE", 0], [tooManyConnections, 1], ["malformed-response", 2], ["ENFILE", 4], ["malformed-response", 6], "unwitnessed"]);
  });

  it("of each limit is told once, and of what is malformed each kind", () => {
    const records: WitnessRecord[] = [];
    const record = tellShortagesOnce((one) => records.push(one));
    for (const code of [...limitIssues, ...limitIssues]) record({ kind: "witness-issue", atMs: 1, proxy: "edge", code, message: String(records.length) });
    for (const message of ["a", "b", "a"]) record({ kind: "witness-issue", atMs: 1, proxy: "edge", code: "malformed-request", message });
    expect(records.map((one) => (one.kind === "witness-issue" ? one.code : ""))).toEqual([...limitIssues, "malformed-request", "malformed-request"]);
  });

  it("of files is told of with what to do, and other errors are not taken for it", () => {
    expect(openFilesProblem({ code: "EMFILE" }, "nothing works")?.message).toBe("the limit of open files is reached: nothing works; raise it (ulimit -n), each connection needs two");
    expect(openFilesProblem({ code: "ENFILE" }, "nothing works")?.message).toMatch(/sysctl/);
    expect([openFilesProblem({ code: "ECONNREFUSED" }, ""), openFilesProblem({}, "")]).toEqual([undefined, undefined]);
  });
});
