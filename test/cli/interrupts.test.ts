import { expect, test } from "vitest";
import { listenForInterrupts } from "../../src/cli/interrupts.ts";
import { fakeContext } from "./fakes.ts";

test("the first interrupt asks for a clean stop, the second ends the process with 128 + its signal", () => {
  const context = fakeContext();
  let nowMs = 0;
  const interrupts = listenForInterrupts(context, { nowMs: () => nowMs });
  expect(interrupts.signal.aborted).toBe(false);
  context.interrupt("SIGINT");
  expect(interrupts.signal.reason).toBe("SIGINT");
  expect(context.err()).toContain("stopping");
  nowMs = 1000;
  context.interrupt("SIGTERM");
  expect(context.exits).toEqual([143]);
});

test("one Ctrl-C that npm passes on a second time is one", () => {
  const context = fakeContext();
  let nowMs = 0;
  listenForInterrupts(context, { nowMs: () => nowMs });
  context.interrupt("SIGINT");
  nowMs = 20;
  context.interrupt("SIGINT");
  expect(context.exits).toEqual([]);
});

test("a terminal that is closed asks for a clean stop, and no more for saying it again later", () => {
  const context = fakeContext();
  let nowMs = 0;
  const interrupts = listenForInterrupts(context, { nowMs: () => nowMs });
  context.hangUp();
  nowMs = 1000;
  context.hangUp();
  expect(interrupts.signal.reason).toBe("SIGHUP");
  expect(context.exits).toEqual([]);
});

test("after the series an interrupt is nobody's any more", () => {
  const context = fakeContext();
  const interrupts = listenForInterrupts(context);
  interrupts.stopListening();
  context.interrupt("SIGINT");
  expect(interrupts.received()).toBeUndefined();
});
