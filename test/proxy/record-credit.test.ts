import { describe, expect, it } from "vitest";
import { createTakenCount, mostWaiting, roomForRecords, tookRecords } from "../../src/proxy/record-credit.ts";

describe("room for records", () => {
  it("is there as long as no more than 16,384 wait", () => {
    const waitForRoom = roomForRecords(createTakenCount());
    for (let sent = 0; sent < mostWaiting; sent += 64) waitForRoom(64);
    expect(mostWaiting).toBe(16_384);
  });

  it("comes back with what is taken, also when the count wraps", () => {
    const taken = createTakenCount();
    const waitForRoom = roomForRecords(taken);
    const near = 2 ** 30;
    for (let rounds = 0; rounds < 9; rounds += 1) {
      tookRecords(taken, near);
      waitForRoom(near);
    }
    waitForRoom(mostWaiting);
    expect(Atomics.load(taken, 0)).toBe((9 * near) | 0);
  });
});
