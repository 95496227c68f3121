import { describe, expect, it } from "vitest";
import { AnswerTap, RecordedAnswers } from "../../../src/proxy/message/recorded-answers.ts";
import type { RecordedAnswer } from "../../../src/proxy/message/recorded-answers.ts";

const answer = (text: string, bytes = 0): RecordedAnswer => ({ status: 200, startLine: text, lines: [], body: Buffer.alloc(bytes) });

describe("recorded answers", () => {
  it("give the latest of a key that is old enough", () => {
    const answers = new RecordedAnswers();
    for (const atMs of [0, 100, 200]) answers.add("a", answer(`${atMs}`), atMs, 150);
    const found = (nowMs: number, key = "a"): string | undefined => answers.find(key, nowMs, 150)?.startLine;
    expect([found(100), found(200), found(250), found(349), found(350), found(1e9)]).toEqual([undefined, "0", "100", "100", "200", "200"]);
    expect(found(1e9, "b")).toBeUndefined();
  });

  it("keep of a key what may still be given, and no more", () => {
    const answers = new RecordedAnswers();
    for (let atMs = 0; atMs <= 1000; atMs += 100) answers.add("a", answer(`${atMs}`), atMs, 250);
    expect(answers.find("a", 1000, 250)?.startLine).toBe("700");
    expect(answers.find("a", 949, 250)).toBeUndefined();
  });

  it("are 1,000 at most: the keys go first whose last answer is the oldest", () => {
    const answers = new RecordedAnswers();
    for (let i = 0; i < 1000; i++) answers.add(`${i}`, answer(`${i}`), i, 0);
    answers.add("0", answer("0 again"), 1000, 0);
    answers.add("new", answer("new"), 1001, 0);
    expect(["0", "1", "2", "new"].map((key) => answers.find(key, 2000, 0)?.startLine)).toEqual(["0 again", undefined, "2", "new"]);
  });

  it("take 8 MiB at most, and one that is larger is not kept", () => {
    const answers = new RecordedAnswers();
    answers.add("a", answer("a", 4_000_000), 0, 0);
    answers.add("b", answer("b", 4_000_000), 1, 0);
    answers.add("huge", answer("huge", 9_000_000), 2, 0);
    expect(["a", "b", "huge"].map((key) => answers.find(key, 9, 0)?.startLine)).toEqual(["a", "b", undefined]);
    answers.add("c", answer("c", 1_000_000), 3, 0);
    expect(["a", "b", "c"].map((key) => answers.find(key, 9, 0)?.startLine)).toEqual([undefined, "b", "c"]);
    for (let i = 0; i < 100; i++) answers.add("lag", answer("lag", 1_000_000), 4 + i, 1_000_000);
    expect(answers.find("c", 9, 0)).toBeUndefined();
  });

  it("are whole ones: nothing is kept of what breaks off, or is larger than all may be", () => {
    const kept: string[] = [];
    const tapOf = (): AnswerTap => new AnswerTap("GET", ({ body }) => kept.push(body.toString()));
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    tapOf().take(Buffer.from(`${head}3\r\nabc\r\n`), false);
    const large = tapOf();
    large.take(Buffer.from(head), false);
    for (let i = 0; i < 9; i++) large.take(Buffer.alloc(1024 * 1024), i === 8);
    expect(kept).toEqual([]);
    const split = tapOf();
    split.take(Buffer.from(`${head}2\r\na`), false);
    split.take(Buffer.from("b\r\n1;x\r\nc\r\n0\r\nT: 1\r\n\r\n"), true);
    expect(kept).toEqual(["abc"]);
  });

  it("are not kept of a transfer coding that only its own framing explains", () => {
    const kept: unknown[] = [];
    new AnswerTap("GET", (one) => kept.push(one)).take(Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), true);
    expect(kept).toEqual([]);
  });
});
