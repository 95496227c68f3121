import { expect, test } from "vitest";
import { keyedRandom } from "../../../src/math/random.ts";
import { drawRetransmission } from "../../../src/proxy/tcp/retransmission.ts";

const chunk = (packets: number) => ({ bytes: new Uint8Array(packets * 1460), atMs: 0 });
/** Draws in this order; below the share is lost. */
const fixed = (...draws: readonly number[]) => {
  let i = 0;
  return (): number => draws[i++] ?? 1;
};

test("a chunk of which nothing is lost is not late", () => {
  expect(drawRetransmission({ lossShare: 0.5, burstPackets: 2, retransmitMs: 200 }, fixed(0.9, 0.9, 0.9))(chunk(3))).toBe(0);
});

test("a chunk with lost packets is late once for all of them, and twice as long for each time one is lost again", () => {
  const loss = { lossShare: 0.5, burstPackets: 2, retransmitMs: 200 };
  expect(drawRetransmission(loss, fixed(0.1, 0.1, 0.9, 0.9))(chunk(3))).toBe(200);
  expect(drawRetransmission(loss, fixed(0.1, 0.1, 0.1, 0.9))(chunk(1))).toBe(200 + 400 + 800);
});

test("the wait between two attempts is 2 minutes at most", () => {
  expect(drawRetransmission({ lossShare: 0.5, burstPackets: 2, retransmitMs: 100_000 }, fixed(0.1, 0.1, 0.1, 0.9))(chunk(1))).toBe(100_000 + 120_000 + 120_000);
});

test("the end of a stream is a packet as well", () => {
  expect(drawRetransmission({ lossShare: 0.5, burstPackets: 2, retransmitMs: 200 }, fixed(0.1, 0.9))({ end: "fin", atMs: 0 })).toBe(200);
});

test("more packets in a chunk are more likely to make it late", () => {
  const share = (packets: number): number => {
    const draw = drawRetransmission({ lossShare: 0.02, burstPackets: 1 / 0.98, retransmitMs: 200 }, keyedRandom("share", packets));
    return Array.from({ length: 20_000 }, () => draw(chunk(packets))).filter((ms) => ms > 0).length / 20_000;
  };
  expect(share(1)).toBeCloseTo(0.02, 2);
  expect(Math.abs(share(10) - (1 - 0.98 ** 10))).toBeLessThan(0.02);
});
