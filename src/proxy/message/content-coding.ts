import { promisify } from "node:util";
import { brotliCompress, brotliCompressSync, brotliDecompress, brotliDecompressSync, constants, deflate, deflateRaw, deflateRawSync, deflateSync, gunzip, gunzipSync, gzip, gzipSync, inflate, inflateRaw, inflateRawSync, inflateSync } from "node:zlib";
import type { BrotliOptions, ZlibOptions } from "node:zlib";

/** The codings of HTTP that Node knows (RFC 9110 §8.4.1); against the letter, some write `deflate` without the frame of zlib. */
export type Coding = "gzip" | "deflate" | "deflate-raw" | "br";

type Options = ZlibOptions & BrotliOptions;
interface Codec {
  readonly unpackNow: (bytes: Buffer, options: Options) => Buffer;
  readonly unpack: (bytes: Buffer, options: Options) => Promise<Buffer>;
  readonly packNow: (bytes: Buffer, options: Options) => Buffer;
  readonly pack: (bytes: Buffer, options: Options) => Promise<Buffer>;
}

const codecs: Readonly<Record<Coding, Codec>> = {
  gzip: { unpackNow: gunzipSync, unpack: promisify(gunzip), packNow: gzipSync, pack: promisify(gzip) },
  deflate: { unpackNow: inflateSync, unpack: promisify(inflate), packNow: deflateSync, pack: promisify(deflate) },
  "deflate-raw": { unpackNow: inflateRawSync, unpack: promisify(inflateRaw), packNow: deflateRawSync, pack: promisify(deflateRaw) },
  br: { unpackNow: brotliDecompressSync, unpack: promisify(brotliDecompress), packNow: brotliCompressSync, pack: promisify(brotliCompress) },
};

/** Larger bodies are left to other threads: this one would stand still for a millisecond and more. */
const mostNowBytes = 16 * 1024;
/** Brotli's own default, 11, takes seconds for a megabyte. */
const packOptions: Options = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** The codings of a Content-Encoding, in the order in which they were applied; undefined when one of them is not known. */
export function codingsOf(value: string | undefined, body: Buffer): readonly Coding[] | undefined {
  const names = (value ?? "").toLowerCase().split(",").map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
  const codings: Coding[] = [];
  for (const name of names) {
    if (name === "gzip" || name === "x-gzip") codings.push("gzip");
    else if (name === "br") codings.push("br");
    else if (name === "deflate") codings.push(names.length > 1 || hasZlibFrame(body) ? "deflate" : "deflate-raw");
    else return undefined;
  }
  return codings;
}

/** Undoes the codings. Rejects when the bytes are not coded so, or hold more than `maxBytes`. */
export async function unpack(bytes: Buffer, codings: readonly Coding[], maxBytes: number): Promise<Buffer> {
  let out = bytes;
  for (const coding of codings.toReversed()) out = await codecs[coding][out.length <= mostNowBytes ? "unpackNow" : "unpack"](out, { maxOutputLength: maxBytes });
  return out;
}

export async function pack(bytes: Buffer, codings: readonly Coding[]): Promise<Buffer> {
  let out = bytes;
  for (const coding of codings) out = await codecs[coding][out.length <= mostNowBytes ? "packNow" : "pack"](out, coding === "br" ? packOptions : {});
  return out;
}

/** RFC 1950 §2.2: compression method 8, and a check sum over the first two bytes. */
function hasZlibFrame(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}
