import { describe, expect, test } from "vitest";
import { unlessAborted } from "../../src/run/abortable.ts";
import { Halt } from "../../src/run/halt.ts";
import { Undo } from "../../src/run/undo.ts";

describe("Undo", () => {
  test("undoes in reverse, all of it, and tells what could not be", async () => {
    const undone: string[] = [];
    const undo = new Undo();
    for (const what of ["one", "two", "three"]) {
      undo.add(what, () => {
        undone.push(what);
        return what === "two" ? Promise.reject(new Error("stuck")) : Promise.resolve();
      });
    }
    expect(await undo.all()).toEqual(["two: stuck"]);
    expect(undone).toEqual(["three", "two", "one"]);
    expect(await undo.all()).toEqual([]);
  });
});

describe("Halt", () => {
  test("ends what waits with its first reason, and records every one", async () => {
    const facts: string[] = [];
    const halt = new Halt(({ kind }) => void facts.push(kind));
    const waiting = unlessAborted(halt.signal, new Promise(() => undefined));
    halt.halt({ kind: "max-duration", atMs: 1 });
    halt.halt({ kind: "interrupted", atMs: 2, signal: "SIGINT" });
    const error: unknown = await waiting.catch((reason: unknown) => reason);
    expect(String(error)).toContain("max-duration");
    expect(halt.isReason(error)).toBe(true);
    expect(halt.isReason(new Error("other"))).toBe(false);
    expect(facts).toEqual(["max-duration", "interrupted"]);
  });
});
