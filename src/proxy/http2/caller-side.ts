import type { Duplex } from "node:stream";
import type { ProxyConfig } from "../../model/data-plane.ts";
import type { Env } from "../../model/env.ts";
import { AnnouncedStreams } from "./announced-streams.ts";
import { Arrival } from "./arrival.ts";
import { Cable } from "./cable.ts";
import type { CableOptions } from "./cable.ts";
import { LastWords } from "./last-words.ts";
import { brokeHttp2, spokeHttp1, wasLate } from "./refusals.ts";
import type { Beginning, Refusal } from "./refusals.ts";

export interface CallerSideOptions extends CableOptions {
  readonly env: Env;
  readonly proxy: ProxyConfig;
  /** A preface, and any head, may take so long. */
  readonly headMs: number;
  /** Streams that we take at once. */
  readonly inFlight: number;
  /** TLS is spoken beneath. */
  readonly isSecured: boolean;
  /** Whether it is by us that it is not heard, or gets no answer. */
  readonly isHeldUp: () => boolean;
  /** It is not to be served any further. */
  readonly refuse: (refusal: Refusal) => void;
  /** The session has reset a stream with ENHANCE_YOUR_CALM. */
  readonly calmed: (stream: number) => void;
}

/** How many streams upstream took when it last said so: not all clients bear to be told of fewer than before. */
const lastAnnounced = new WeakMap<ProxyConfig, number>();

/** What lies between a caller's socket and its session: nothing is said before it is known that the caller understands it. */
export class CallerSide {
  private readonly options: CallerSideOptions;
  private readonly cable: Cable;
  private readonly arrival: Arrival;
  private readonly streams: AnnouncedStreams;
  private readonly lastWords = new LastWords({ ended: (why) => this.options.refuse(brokeHttp2(why)), calmed: (stream) => this.options.calmed(stream) });
  /** What the session has said so far, while nobody is known to understand it. */
  private unsaid: Buffer[] = [];

  constructor(options: CallerSideOptions) {
    this.options = options;
    this.arrival = new Arrival({ ...options, late: (what) => this.late(what) });
    this.streams = new AnnouncedStreams(lastAnnounced.get(options.proxy) ?? options.inFlight);
    this.cable = new Cable({ ...options, send: (bytes) => this.say(bytes) });
  }

  get duplex(): Duplex {
    return this.cable.duplex;
  }

  /** Bytes of the caller; false: no more are taken for now. */
  give(bytes: Buffer): boolean {
    const { arrival, options } = this;
    const given = arrival.take(bytes);
    if (arrival.speech === "http1" && !options.isHeldUp()) options.refuse(spokeHttp1(options.isSecured));
    if (given === undefined) return true;
    if (this.unsaid.length > 0) for (const said of this.unsaid.splice(0)) options.send(said);
    return this.cable.give(given);
  }

  /** The caller is to know of upstream's limit. Returns whether it has to be told by settings now. */
  announces(atMost: number): boolean {
    const { inFlight, proxy } = this.options;
    const streams = Math.min(inFlight, atMost);
    lastAnnounced.set(proxy, streams);
    return this.streams.change(streams);
  }

  /** The session is told to say GOAWAY. */
  goesAway(code: number): void {
    this.lastWords.expect(code);
  }

  /** Whoever waited to send may go on. */
  drained(): void {
    this.cable.drained();
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.arrival.stop();
  }

  private late(what: Beginning): void {
    const { headMs, isHeldUp, refuse } = this.options;
    if (isHeldUp()) this.arrival.wait();
    else refuse(wasLate(what, headMs));
  }

  private say(bytes: Buffer): boolean {
    this.streams.amend(bytes);
    this.lastWords.hear(bytes);
    const { speech } = this.arrival;
    if (speech === "http2" || speech === "other") return this.options.send(bytes);
    this.unsaid.push(bytes);
    return true;
  }
}
