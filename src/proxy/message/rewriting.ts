import type { BodyChange } from "../../model/effect.ts";
import type { Framing } from "../http1/framing.ts";
import { format } from "../../units/format.ts";
import { editLines, readHead, valueOf, writeHead } from "./head.ts";
import type { MessageHead } from "./head.ts";
import { framedBy, rewriteHead, rewriteMessage } from "./rewrite-message.ts";
import type { Rewrite } from "./rewrite-message.ts";
import { throughHttpProxy } from "./through-http-proxy.ts";

/** The message as the lane has read it. */
export interface Framed {
  readonly framing: Framing;
  /** Of the body, when framed by length. */
  readonly length: number;
  /** Of an answer. */
  readonly status?: number;
  /** It has no body, whatever its head says: an answer to HEAD. */
  readonly bodiless: boolean;
}

/** A message that goes on in place of the one that has come, or as far as it has come; what still comes of it follows, or is not wanted any more. */
export interface Rewritten extends Framed {
  readonly pieces: readonly Buffer[];
  readonly headBytes: number;
  readonly retryAfter: string | undefined;
  readonly isWhole: boolean;
}

export interface RewritingOptions {
  readonly effect: Rewrite;
  readonly framed: Framed;
  /** Called once: from `take` or `giveUp`, or `isLater`. `why`: the message is left as it is, and nothing that has come of it is lost. */
  readonly give: (outcome: Rewritten | { readonly pieces: readonly Buffer[]; readonly why: string | undefined }, isLater: boolean) => void;
}

/** Takes a message in, as far as has to be known of it, and gives it back changed. */
export class Rewriting {
  private readonly options: RewritingOptions;
  private pieces: Buffer[] = [];
  private bodyBytes = 0;
  private state: "takes" | "changes" | "over" = "takes";

  constructor(options: RewritingOptions) {
    this.options = options;
  }

  /** The body has to come whole before anything can go on. */
  get needsBody(): boolean {
    const { effect, framed } = this.options;
    return effect.body !== undefined && framed.framing !== "none" && !framed.bodiless;
  }

  /** Bytes of the message, its head whole in the first of them; `done` with its last. */
  take(bytes: Buffer, done: boolean): void {
    if (this.state !== "takes") return;
    this.bodyBytes += this.pieces.length === 0 ? bytes.length - readHead(bytes).bodyAt : bytes.length;
    this.pieces.push(bytes);
    if (!this.needsBody) return this.changeHead(bytes);
    const { effect: { maxBytes }, framed: { framing, length } } = this.options;
    if (this.bodyBytes > maxBytes || (framing === "length" && length > maxBytes)) this.leave(`its body is larger than ${format("size", maxBytes)}`);
    else if (done) this.changeWhole();
  }

  /** What has come so far goes on as it is, unless it is whole and about to be changed. */
  giveUp(): void {
    if (this.state === "takes") this.leave(undefined);
  }

  /** Nothing of it is wanted any more. */
  drop(): void {
    this.state = "over";
    this.pieces = [];
  }

  private leave(why: string | undefined): void {
    const { pieces, state } = this;
    this.drop();
    this.options.give({ pieces, why }, state === "changes");
  }

  private give(rewritten: Rewritten): void {
    const isLater = this.state === "changes";
    this.drop();
    this.options.give(rewritten, isLater);
  }

  private changeHead(bytes: Buffer): void {
    const { effect, framed } = this.options;
    const { head, bodyAt } = readHead(bytes);
    const status = effect.status ?? framed.status;
    const isWanted = framed.bodiless ? effect.status !== undefined || Object.keys(effect.headers).length > 0 : effect.body === undefined || ("text" in effect.body && !hasNoBody(status));
    if (!isWanted) return this.leave("it has no body");
    const stays = framed.bodiless || (effect.body === undefined && hasNoBody(status) === hasNoBody(framed.status));
    if (stays) return this.giveHead(rewriteHead(effect, head), { ...framed, ...(status !== undefined && { status }) }, bytes.subarray(bodyAt), false);
    const body = textOf(effect.body);
    const { startLine, lines } = framedBy(head, hasNoBody(status) ? undefined : body.length);
    const uncoded = { startLine, lines: editLines(lines, { "content-encoding": null }) };
    this.giveHead(rewriteHead(effect, uncoded), { framing: body.length === 0 ? "none" : "length", length: body.length, bodiless: false, ...(status !== undefined && { status }) }, body, true);
  }

  private giveHead(head: MessageHead, framed: Framed, rest: Buffer, isWhole: boolean): void {
    const bytes = writeHead(head);
    this.give({ ...framed, pieces: rest.length === 0 ? [bytes] : [bytes, rest], headBytes: bytes.length, retryAfter: valueOf(head.lines, "retry-after"), isWhole });
  }

  private changeWhole(): void {
    const { effect } = this.options;
    this.state = "changes";
    let why = "";
    const changed = throughHttpProxy(effect.at, Buffer.concat(this.pieces), async (message) => {
      const rewritten = await rewriteMessage(effect, message);
      if (typeof rewritten !== "string") return rewritten;
      why = rewritten;
      return undefined;
    });
    changed.then(
      (bytes) => (this.state === "over" ? undefined : bytes === undefined ? this.leave(why) : this.giveWhole(bytes)),
      (error: unknown) => (this.state === "over" ? undefined : this.leave(`it cannot be read again: ${error instanceof Error ? error.message : String(error)}`)),
    );
  }

  private giveWhole(bytes: Buffer): void {
    const { status } = this.options.framed;
    const { head, bodyAt } = readHead(bytes);
    const isChunked = valueOf(head.lines, "transfer-encoding") !== undefined;
    const length = isChunked ? 0 : bytes.length - bodyAt;
    this.give({
      pieces: [bytes], headBytes: bodyAt, framing: isChunked ? "chunked" : length === 0 ? "none" : "length", length, bodiless: false, retryAfter: valueOf(head.lines, "retry-after"), isWhole: true,
      ...(status !== undefined && { status: this.options.effect.status ?? status }),
    });
  }
}

const nothing = Buffer.alloc(0);

/** RFC 9110 §6.4.1. */
function hasNoBody(status: number | undefined): boolean {
  return status === 204 || status === 304;
}

function textOf(body: BodyChange | undefined): Buffer {
  return body !== undefined && "text" in body ? Buffer.from(body.text) : nothing;
}
