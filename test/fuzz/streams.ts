import { Draw } from "./draw.ts";

/** A stream of messages as one end of a connection might send it. Texts are latin1: one character is one byte. */
export interface RequestStream {
  readonly bytes: Buffer;
  readonly packets: readonly Buffer[];
  /** What the proxy writes into Host. */
  readonly host: string | undefined;
  /** What would be a tunnel is refused when so many packets more have come; 0: while its request is being told. */
  readonly refusesAfter: number;
  /** The client closes its half behind the bytes. */
  readonly ends?: boolean;
}

export interface ResponseStream {
  readonly bytes: Buffer;
  readonly packets: readonly Buffer[];
  /** Of the requests that are answered. */
  readonly methods: readonly string[];
  /** The requests ask for another protocol. */
  readonly upgrade: boolean;
  /** The connection is closed behind the bytes. */
  readonly closes: boolean;
}

const methods = ["GET", "GET", "GET", "POST", "POST", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "M-SEARCH"];
const oddMethods = ["get", "QUERY", "G(T", "CONNECT", "PRI", "G", "GETGETGETGETGETGET", "", "\u0000", "DESCRIBE", "SOURCE"];
const targets = ["/", "/a/b?c=d", "/%00?q=%0d%0a", "*", "http://x/y", "http://u:p@x:80/?", "/a;b=c", "//x", "/?a=b#c"];
const oddTargets = ["", "/a b", "/\t", "/\u0080\u00ff", "x", "x:80", "?", "://", "/\u0000", "/\u007f", "http:/x", "\\", "[::1]:80", "/HTTP/1.1", "*/", "/\u000c", "http://x y/", "/<>\"{}|^`"];
const versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"];
const oddVersions = ["HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/01.1", "HTTP/1.10", "HTTP/1,1", "HTTP/11", "", "ICE/1.0", "RTSP/1.0"];

const fields = [
  "Accept: */*", "X-A: b", "x-empty:", "X-Space:   b  ", "X-Tab:\tb\t", "Cookie: a=b; c=d", "X-High: \u0080\u00ff", "X: a:b::c", "Via: 1.1 x", "Expect: 100-continue", "Connection: keep-alive", "Retry-After: 1",
  "!#$%&'*+-.^_`|~: token", "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01", "Idempotency-Key: k", "Content-Type: text/plain", "TE: trailers", "Trailer: X-T", "Keep-Alive: timeout=5",
];
const oddFields = [
  "Host: y", "Host:", "X : a", "X\t: a", " X: a", "\tX: a", ": a", ":", "X", "X-\u00ff: a", "X(: a", "X-Nul: a\u0000b", "X-Del: a\u007fb", "X-Cr: a\rb", "X-Lf: a\nb", "X-Esc: \u001b[1m", "X: a\r\n b", "X: a\r\n\tb", "X:\r\n ", "X: a\r\r", "X:\u000ba",
  "Connection: close", "Connection: Upgrade", "Connection: keep-alive, close", "Connection: close, keep-alive", "Connection: close-not", "Connection: ,close", "Connection: \"close\"", "Connection: upgrade, close", "Upgrade: websocket", "Upgrade: h2c\r\nConnection: Upgrade", "Proxy-Connection: close",
  "Expect: x", "Expect: 100-continue, 100-continue", "Content-Length\u0000: 1", "Content-Lengt: 1", "Content_Length: 3", "Transfer_Encoding: chunked", "Transfer-Encodin: chunked", "Content-Length2: 5", "X-Content-Length: 7", "Transfer\u000dEncoding: chunked",
];
const lengths = ["-1", "+5", "0x5", "5 5", "5,5", "5, 5", "5,6", "", " ", "00000000000000000005", "005", "5\u0000", "5.0", "1e1", "99999999999999999999", "18446744073709551616", "18446744073709551621", "9007199254740993", "4294967301", "5;", "5\t", "\u000b5", "\u00b2", "5\r\n 5", "٥"];
const codings = [
  "chunked", "Chunked", "CHUNKED", " chunked ", "\tchunked", "chunked\t", "gzip, chunked", "gzip,chunked", "deflate , chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked", "", "identity", "gzip", "xchunked", "chunkedx", "chunked;q=1", "\"chunked\"", "'chunked'", "chunked chunked", "chunked\u0000",
  "\u000bchunked", "chu nked", "identity, chunked", "chunked\r\n ", "\r\n chunked", "gzip\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: gzip", "chunked\r\nTransfer-Encoding: identity", "chunked\r\nTransfer-Encoding: chunked", "br", "cow", "cow, chunked", "\u00a0chunked", "chun\u212aed", "chunKed",
];
const extensions = ["", "", "", "", ";a", ";a=b", " ;a=b", ";q=\"x y\"", ";q=\"x\\\"y\"", "; a = b ", ";", ";;", ";a=", " ", "\t", ";\u0080", ";a=\"", ";a\rb", ";a\nb", "\n", ";\u0000", ";a=b;c=d", ";a=\"\r\n\"", " a", ";(", ";a=b\r", ";a=b\t"];
const oddSizes = ["", "-1", "+5", "0x5", " 5", "5.", "g", "00000000000005", "ffffffffffffffff", "10000000000000005", "fffffffffffff", "1 0", "\u0000", "5\u0000", "_5", "５"];
const trailers = ["X-T: a", "x-empty:", "X:\u00ff", "Host: z", "Content-Length: 5", "Transfer-Encoding: chunked", " X: folded", "X", ": a", "X : a", "X: a\u0000", "X: a\nb", "X: a\rb", "X(: b", "\u00ff: b", "X: \u00ff", "X:\ta"];
const statuses = ["200", "200", "200", "200", "404", "503", "204", "304", "206", "301", "205"];
const oddStatuses = ["100", "101", "102", "103", "199", "099", "000", "600", "999", "20", "2000", "2 0", "+20", "-20", "abc", "", "2\u00000", "٢٠٠"];
const reasons = [" OK", " OK", " ", "", " Not \u00ff Found", "  two", "OK", "\tOK", " a\u0000b", " a\rb", " a\nb", " \u007f", " HTTP/1.1 200 OK"];
const debris = [
  "\r\n", "\n", "\r", "\u0000", " ", "\t", ":", ",", ";", "\u007f", "\u0080", "\u00ff", "\u000b", "\u000c", "-", "+", "0", "0x", "\r\n\r\n", "\n\n", "\r\n ", "\r\r\n", "HTTP/1.1", "Content-Length: 5\r\n", "Content-Length: 6\r\n", "\r\nContent-Length: 0", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "5\r\nhello\r\n",
  "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\u0016\u0003\u0001", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u00ef\u00bb\u00bf",
];

/** One stream in about two has nothing odd in it; the others have oddities at this share of the places where they can stand. */
class Sender {
  readonly draw: Draw;
  private readonly oddShare: number;

  constructor(draw: Draw) {
    this.draw = draw;
    this.oddShare = draw.chance(0.4) ? 0 : draw.pick([0.02, 0.05, 0.15]);
  }

  get isOdd(): boolean {
    return this.draw.chance(this.oddShare);
  }

  either<T>(usual: readonly T[], odd: readonly T[]): T {
    return this.draw.pick(this.isOdd ? odd : usual);
  }

  endOfLine(): string {
    return this.isOdd ? this.draw.pick(["\n", "\r", "\r\r\n", " \r\n", "\r\n", "\n\r", ""]) : "\r\n";
  }

  name(text: string): string {
    const cased = this.draw.pick([text, text, text.toLowerCase(), text.toUpperCase()]);
    return this.isOdd ? this.draw.pick([`${cased} `, ` ${cased}`, `${cased}\t`, `${cased}\u0000`, cased.replace("-", "_"), `\n${cased}`]) : cased;
  }

  fields(): string {
    const lines = this.draw.times(0, 3, () => this.either(fields, oddFields) + this.endOfLine());
    return this.draw.chance(0.002) ? lines + this.draw.times(50, 300, () => "X: y\r\n") : this.draw.chance(0.002) ? `${lines}X: ${"y".repeat(this.draw.below(80_000))}\r\n` : lines;
  }

  data(): string {
    const { draw } = this;
    return draw.pick([() => "hello", () => "", () => "x".repeat(draw.below(300)), () => draw.times(0, 40, () => String.fromCharCode(draw.below(256))), () => draw.pick(debris)])();
  }

  chunked(): string {
    const { draw } = this;
    const chunks = draw.times(0, 3, () => {
      const data = this.data() || "a";
      const hex = data.length.toString(16);
      const size = this.isOdd ? draw.pick(oddSizes) : draw.pick([hex, hex, hex.toUpperCase(), `0${hex}`]);
      return `${size}${this.either([""], extensions)}${this.endOfLine()}${data}${this.endOfLine()}`;
    });
    const last = `${this.either(["0", "0", "000"], ["", "00000000000000", "0x0", "-0"])}${this.either([""], extensions)}${this.endOfLine()}`;
    const end = draw.chance(0.2) ? draw.times(1, 2, () => this.either(trailers.slice(0, 4), trailers) + this.endOfLine()) : "";
    return chunks + last + end + this.endOfLine();
  }

  /** Framing headers and what stands behind the head. */
  framed(): readonly [string, string] {
    const { draw } = this;
    const length = (value: string): string => `${this.name("Content-Length")}:${draw.pick([" ", "", "  "])}${value}${this.endOfLine()}`;
    const coding = (value: string): string => `${this.name("Transfer-Encoding")}: ${value}${this.endOfLine()}`;
    const data = this.data();
    const right = String(data.length);
    if (!this.isOdd) return draw.pick([() => [length(right), data] as const, () => [coding(draw.pick(["chunked", "Chunked", "gzip, chunked"])), this.chunked()] as const])();
    return draw.pick([
      () => [length(draw.pick(lengths)), data] as const,
      () => [length(right) + length(right), data] as const,
      () => [length(right) + length(draw.pick(["5", right, "0"])), data] as const,
      () => [coding(draw.pick(codings)), this.chunked()] as const,
      () => [length(right) + coding(draw.pick(codings)), this.chunked()] as const,
      () => [coding("chunked") + length(right), data] as const,
      () => [length(String(draw.below(20))), data] as const,
      () => ["", data] as const,
    ])();
  }

  /** The text with some of it cut out, doubled, or replaced by debris. */
  mangled(text: string): string {
    const { draw } = this;
    if (this.oddShare === 0 || draw.chance(0.6)) return text;
    let out = text;
    for (let n = 1 + draw.below(2); n > 0; n--) {
      const at = draw.below(out.length + 1);
      const to = Math.min(out.length, at + draw.pick([0, 0, 1, 1, 2, 20]));
      const put = draw.pick([() => draw.pick(debris), () => draw.pick(debris), () => "", () => out.slice(at, to).repeat(2), () => String.fromCharCode(draw.below(256))])();
      out = out.slice(0, at) + put + out.slice(to);
    }
    return draw.chance(0.1) ? out.slice(0, draw.below(out.length + 1)) : out;
  }
}

/** The request stream of a seed and a number. */
export function requestStream(seed: string, n: number): RequestStream {
  const draw = new Draw(seed, "requests", n);
  const sender = new Sender(draw);
  const text = draw.times(1, 4, () => {
    const method = sender.either(methods, oddMethods);
    const [framing, body] = draw.chance(method === "GET" ? 0.2 : 0.7) ? sender.framed() : ["", ""];
    const start = `${sender.either([""], ["\r\n", "\n", "\r\n\r\n", " ", "\r"])}${method}${sender.either([" "], ["  ", "\t", "", " \u000b"])}${sender.either(targets, oddTargets)}${sender.either([" "], ["  ", "\t", ""])}${sender.either(versions, oddVersions)}`;
    return `${start}${sender.endOfLine()}${sender.fields()}${draw.chance(0.9) ? `Host: x${sender.endOfLine()}` : ""}${framing}${sender.fields()}${sender.endOfLine()}${body}`;
  });
  const bytes = Buffer.from(sender.mangled(text), "latin1");
  return { bytes, packets: draw.packets(bytes), host: draw.chance(0.1) ? "upstream.test:8080" : undefined, refusesAfter: draw.pick([0, 1, 5]), ends: draw.chance(0.5) };
}

/** The response stream of a seed and a number. */
export function responseStream(seed: string, n: number): ResponseStream {
  const draw = new Draw(seed, "responses", n);
  const sender = new Sender(draw);
  const asked = Array.from({ length: 1 + draw.below(3) }, () => draw.pick(["GET", "GET", "GET", "POST", "HEAD", "HEAD", "CONNECT"]));
  const interims = ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 102 Processing\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n"];
  const text = asked.map((method) => {
    const status = sender.either(statuses, oddStatuses);
    const [framing, body] = draw.chance(0.9) ? sender.framed() : ["", sender.data()];
    const bodiless = (method === "HEAD" || status === "204" || status === "304") && !sender.isOdd;
    return `${draw.chance(0.15) ? draw.times(1, 2, () => sender.either(interims.slice(0, 2), interims)) : ""}${sender.either(versions, oddVersions)}${sender.either([" "], ["  ", "\t", ""])}${status}${sender.either(reasons.slice(0, 6), reasons)}${sender.endOfLine()}`
      + `${sender.fields()}${framing}${sender.fields()}${sender.endOfLine()}${bodiless ? "" : body}`;
  }).join("");
  const bytes = Buffer.from(sender.mangled(text), "latin1");
  return { bytes, packets: draw.packets(bytes), methods: asked, upgrade: draw.chance(0.2), closes: draw.chance(0.5) };
}
