import { describe, expect, it } from "vitest";
import { MessageStream, passes } from "../../src/proxy/websocket/message-stream.ts";
import type { Fate, StreamOptions } from "../../src/proxy/websocket/message-stream.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { continuation, encodeFrame } from "../proxy/websocket/frames.ts";
import type { Frame } from "../proxy/websocket/frames.ts";
import { fc } from "../support/properties.ts";

/** One frame of a stream on the wire; `message` is the number of the message that it belongs to, absent for control frames. */
interface Piece {
  readonly bytes: Buffer;
  readonly message?: number;
}

const sizes = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 20 }) }, fc.constantFrom(125, 126, 127, 300), { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536) });
const payload = fc.tuple(sizes, fc.integer({ min: 0, max: 255 })).map(([size, byte]) => Buffer.alloc(size, byte));
const control: fc.Arbitrary<Frame> = fc.record({ opcode: fc.constantFrom(0x9, 0xa), final: fc.constant(true), payload: fc.integer({ min: 0, max: 125 }).map((size) => Buffer.alloc(size, 7)) });
const fragment = fc.record({ payload, before: fc.array(control, { maxLength: 1 }) });
const aMessage = fc.record({ opcode: fc.constantFrom(1, 2), fragments: fc.array(fragment, { minLength: 1, maxLength: 4 }), reserved: fc.constantFrom(0, 4) });
const mask = fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => Buffer.from(bytes)), { nil: undefined });

const stream = fc.record({ messages: fc.array(aMessage, { maxLength: 5 }), mask }).map(({ messages, mask }) => {
  const pieces = messages.flatMap(({ opcode, fragments, reserved }, m) => fragments.flatMap(({ payload, before }, i): Piece[] => [
    ...before.map((frame) => ({ bytes: encodeFrame(frame, mask) })),
    { bytes: encodeFrame({ opcode: i === 0 ? opcode : continuation, final: i === fragments.length - 1, payload, reserved: i === 0 ? reserved : 0 }, mask), message: m + 1 },
  ]));
  return { pieces, count: messages.length, masked: mask !== undefined };
});
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });

function* packets(bytes: Buffer, cuts: readonly number[]): Generator<Buffer> {
  // Long payloads pass in larger packets, so that a run stays short.
  const factor = bytes.length > 2000 ? 97 : 1;
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = (cuts[i % cuts.length] ?? 1) * factor;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const join = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map(({ bytes }) => bytes));
/** Texts are compared a hundred times faster than buffers. */
const textOf = (bytes: Buffer): string => bytes.toString("latin1");

function open(masked: boolean, judge: (nth: number) => Fate = () => passes) {
  const env = new HeldClock();
  const out: Buffer[] = [];
  const seen = { judged: [] as number[], ended: 0, invalid: 0, end: false };
  const options: StreamOptions = {
    env, masked, extended: true,
    judge: (nth) => {
      seen.judged.push(nth);
      return judge(nth);
    },
    ended: () => seen.ended++,
    invalid: () => seen.invalid++,
    out: (bytes, end) => {
      out.push(bytes);
      if (end) seen.end = true;
    },
    moved: () => undefined,
  };
  return { stream: new MessageStream(options), env, seen, length: () => out.reduce((sum, { length }) => sum + length, 0), text: () => textOf(Buffer.concat(out)) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("a stream of WebSocket frames, however it is split,", () => {
  it("passes as it came, packet by packet, while no messages are judged", () => {
    fc.assert(fc.property(stream, cuts, ({ pieces, masked }, cuts) => {
      const { stream, seen, text, length } = open(masked);
      let sent = 0;
      for (const packet of packets(join(pieces), cuts)) {
        stream.take(packet);
        expect(length()).toBe((sent += packet.length));
      }
      expect(text()).toBe(textOf(join(pieces)));
      expect(seen).toEqual({ judged: [], ended: 0, invalid: 0, end: false });
    }));
  });

  it("gives the same messages in the same order when they are judged, and passes whole", () => {
    fc.assert(fc.property(stream, cuts, ({ pieces, count, masked }, cuts) => {
      const { stream, seen, text } = open(masked);
      stream.isWatched = true;
      for (const packet of packets(join(pieces), cuts)) stream.take(packet);
      expect(text()).toBe(textOf(join(pieces)));
      expect(seen).toEqual({ judged: upTo(count), ended: count, invalid: 0, end: false });
    }));
  });

  it("loses the messages that are dropped, whole, and no control frame", () => {
    fc.assert(fc.property(stream, cuts, fc.uniqueArray(fc.integer({ min: 1, max: 5 })), ({ pieces, masked }, cuts, dropped) => {
      const { stream, text } = open(masked, (nth) => ({ delayMs: 0, isDropped: dropped.includes(nth) }));
      stream.isWatched = true;
      for (const packet of packets(join(pieces), cuts)) stream.take(packet);
      expect(text()).toBe(textOf(join(pieces.filter(({ message }) => message === undefined || !dropped.includes(message)))));
    }));
  });

  it("loses only whole messages when the judging begins and ends at any packet", () => {
    fc.assert(fc.property(stream, cuts, fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }), ({ pieces, masked }, cuts, watched) => {
      const { stream, seen, text } = open(masked, () => ({ delayMs: 0, isDropped: true }));
      for (const [i, packet] of [...packets(join(pieces), cuts)].entries()) {
        stream.isWatched = watched[i % watched.length] === true;
        if (!stream.isWatched) stream.letGo(false);
        stream.take(packet);
      }
      stream.end();
      expect(text()).toBe(textOf(join(pieces.filter(({ message }) => message === undefined || !seen.judged.includes(message)))));
      expect(seen.end).toBe(true);
    }));
  });

  it("keeps its bytes and their order when messages are held, lifted at any packet with or without release", () => {
    const delays = fc.array(fc.constantFrom(0, 5, 30), { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(stream, cuts, delays, fc.constantFrom("never", "lift", "release"), fc.nat(20), ({ pieces, masked }, cuts, delays, lift, liftAt) => {
      const { stream, env, seen, text } = open(masked, (nth) => ({ delayMs: delays[nth % delays.length] ?? 0, isDropped: false }));
      stream.isWatched = true;
      const all = join(pieces);
      let heldAfterRelease = 0;
      for (const [i, packet] of [...packets(all, cuts)].entries()) {
        if (i === liftAt && lift !== "never") {
          stream.isWatched = false;
          stream.letGo(lift === "release");
          if (lift === "release") heldAfterRelease = stream.heldWeight;
        }
        stream.take(packet);
        env.advance(3);
      }
      stream.end();
      env.advance(100);
      expect(text()).toBe(textOf(all));
      expect(seen.end).toBe(true);
      expect([heldAfterRelease, stream.heldWeight]).toEqual([0, 0]);
    }));
  });

  it("is ended by a Close frame between two frames, at the first place where there is one", () => {
    const frame = Buffer.from([0x88, 2, 3, 243]);
    fc.assert(fc.property(stream, cuts, fc.nat(30), fc.boolean(), ({ pieces, masked }, cuts, closeAt, isWatched) => {
      const { stream, text, length } = open(masked);
      stream.isWatched = isWatched;
      let sentBefore = 0;
      let isSent = false;
      const all = [...packets(join(pieces), cuts)];
      for (const [i, packet] of all.entries()) {
        if (i === closeAt) {
          sentBefore = length();
          stream.close(frame, () => (isSent = true));
        }
        stream.take(packet);
      }
      stream.end();
      if (closeAt >= all.length) return;
      let boundary = 0;
      for (const piece of pieces) {
        if (boundary >= sentBefore) break;
        boundary += piece.bytes.length;
      }
      expect(isSent).toBe(true);
      expect(text()).toBe(textOf(Buffer.concat([join(pieces).subarray(0, boundary), frame])));
    }));
  });

  it("passes unseen from the first that is none, and says so once", () => {
    const broken = fc.constantFrom(
      Buffer.from([0x83, 0x00]), Buffer.from([0x8b, 0x00]), Buffer.from([0x09, 0x00]), Buffer.from([0x89, 0x7e, 0x01, 0x00]), Buffer.from([0x80, 0x00]),
      Buffer.from([0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Buffer.from([0x81, 0x80, 1, 2, 3, 4]), Buffer.from("GET / HTTP/1.1\r\n"),
    );
    fc.assert(fc.property(stream.filter(({ masked }) => !masked), cuts, broken, fc.uint8Array({ maxLength: 50 }), fc.boolean(), ({ pieces }, cuts, broken, rest, isWatched) => {
      const { stream, seen, text } = open(false);
      stream.isWatched = isWatched;
      const all = Buffer.concat([join(pieces), broken, rest]);
      for (const packet of packets(all, cuts)) stream.take(packet);
      expect(text()).toBe(textOf(all));
      expect(seen.invalid).toBe(1);
      expect(stream.close(Buffer.from([0x88, 0]), () => undefined)).toBe(false);
    }));
  });
});
