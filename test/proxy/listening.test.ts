import { afterEach, describe, expect, it } from "vitest";
import { listenedUntil, ticked, unwatched } from "../../src/proxy/listening.ts";

afterEach(() => unwatched());

describe("what comes to light had not come until", () => {
  it("now, where nobody watches the loop or its watch ticks on time", () => {
    expect(listenedUntil(1000)).toBe(1000);
    for (const atMs of [1000, 1010, 1021]) ticked(atMs);
    expect(listenedUntil(1021)).toBe(1021);
    expect(listenedUntil(1032)).toBe(1032);
  });

  it("the tick before the last, where the loop is held up since, or was until then", () => {
    for (const atMs of [1000, 1010, 1020]) ticked(atMs);
    expect(listenedUntil(1090)).toBe(1010);
    ticked(1090);
    expect(listenedUntil(1091)).toBe(1020);
    ticked(1100);
    expect(listenedUntil(1101)).toBe(1101);
  });
});
