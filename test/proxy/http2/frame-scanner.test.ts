import { constants } from "node:http2";
import { describe, expect, it } from "vitest";
import { AnnouncedStreams } from "../../../src/proxy/http2/announced-streams.ts";
import { FrameScanner } from "../../../src/proxy/http2/frame-scanner.ts";
import { fc } from "../../support/properties.ts";

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly payload: Buffer;
}

function encode({ type, flags, payload }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  return Buffer.concat([head, payload]);
}

/** The same bytes in pieces that end at these places. */
function cutAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

const frames = fc.array(fc.record({ type: fc.nat(9), flags: fc.nat(255), payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) }), { maxLength: 12 });

describe("the frames of a direction", () => {
  it("are found however their bytes are cut", () => {
    fc.assert(fc.property(frames, fc.array(fc.nat(), { maxLength: 30 }), (sent, places) => {
      const found: Frame[] = [];
      let payload: Buffer[] = [];
      const scanner = new FrameScanner(({ type, flags, bytes, from, to, isFirst, isLast }) => {
        if (isFirst) payload = [];
        payload.push(bytes.subarray(from, to));
        if (isLast) found.push({ type, flags, payload: Buffer.concat(payload) });
      });
      for (const piece of cutAt(Buffer.concat(sent.map(encode)), places)) scanner.scan(piece);
      expect(found).toEqual(sent);
      expect(scanner.isInHead).toBe(false);
    }));
  });

  it("are seen to have begun", () => {
    const scanner = new FrameScanner(() => undefined);
    const bytes = encode({ type: 1, flags: 0, payload: Buffer.alloc(3) });
    expect(cutAt(bytes, [1, 8, 9, 10]).map((piece) => {
      scanner.scan(piece);
      return scanner.isInHead;
    })).toEqual([true, true, false, false, false]);
  });
});

describe("the streams that a caller is told of", () => {
  const { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS: streams, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE: window } = constants;
  const settings = (...entries: readonly (readonly [number, number])[]): Buffer => {
    const payload = Buffer.alloc(6 * entries.length);
    for (const [i, [name, value]] of entries.entries()) {
      payload.writeUInt16BE(name, 6 * i);
      payload.writeUInt32BE(value, 6 * i + 2);
    }
    return encode({ type: 4, flags: 0, payload });
  };

  it("are upstream's, in settings and nowhere else", () => {
    const announced = new AnnouncedStreams(1024);
    expect([announced.change(1024), announced.change(7), announced.change(7)]).toEqual([false, true, false]);
    const data = encode({ type: 0, flags: 0, payload: settings([streams, 1024]) });
    const said = Buffer.concat([data, settings([window, 1024], [streams, 1024]), encode({ type: 4, flags: 1, payload: Buffer.alloc(0) }), data]);
    announced.amend(said);
    expect(said.equals(Buffer.concat([data, settings([window, 1024], [streams, 7]), encode({ type: 4, flags: 1, payload: Buffer.alloc(0) }), data]))).toBe(true);
  });
});
