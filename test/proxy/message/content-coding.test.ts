import { deflateRawSync, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { codingsOf, pack, unpack } from "../../../src/proxy/message/content-coding.ts";

const text = Buffer.from("hello ".repeat(50));

describe("content codings", () => {
  it.each([
    [undefined, []], ["", []], ["identity", []], ["gzip", ["gzip"]], ["X-GZIP", ["gzip"]], ["br", ["br"]], [" gzip , br ", ["gzip", "br"]], ["gzip, identity", ["gzip"]],
    ["zstd", undefined], ["gzip, zstd", undefined], ["compress", undefined],
  ])("%j are %j", (value, codings) => {
    expect(codingsOf(value, text)).toEqual(codings);
  });

  it("tell a deflate with the frame of zlib from one without", () => {
    expect([codingsOf("deflate", deflateSync(text)), codingsOf("deflate", deflateRawSync(text)), codingsOf("deflate", Buffer.alloc(0))]).toEqual([["deflate"], ["deflate-raw"], ["deflate-raw"]]);
  });

  it.each([[["gzip"]], [["deflate"]], [["deflate-raw"]], [["br"]], [["gzip", "br"]], [[]]] as const)("%j come off as they went on, for small bodies and large", async (codings) => {
    for (const bytes of [text, Buffer.alloc(0), Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251))]) {
      expect((await unpack(await pack(bytes, codings), codings, 1_000_000)).equals(bytes)).toBe(true);
    }
  });

  it("do not come off bytes that are not coded so, nor when more is in them than asked for", async () => {
    await expect(unpack(text, ["gzip"], 1000)).rejects.toThrow("incorrect header check");
    await expect(unpack((await pack(text, ["gzip"])).subarray(0, -4), ["gzip"], 1000)).rejects.toThrow("unexpected end of file");
    await expect(unpack(await pack(text, ["gzip"]), ["gzip"], 299)).rejects.toMatchObject({ code: "ERR_BUFFER_TOO_LARGE" });
    expect(await unpack(await pack(text, ["gzip"]), ["gzip"], 300)).toEqual(text);
  });
});
