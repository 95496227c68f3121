import type { ExchangeEnd } from "../../model/event.ts";
import type { Exchange } from "./exchange.ts";
import type { Ledger } from "./ledger.ts";
import type { RequestHead } from "./request-head.ts";
import type { RequestSink } from "./request-reader.ts";

/**
 * The exchanges of a connection that a fault has made silent. Nothing of them is passed on or answered any more; what is witnessed are
 * the requests that still come, and who left when.
 */
export class Silence implements RequestSink {
  /** A head that does not end is not rejected: nobody would hear of it. */
  readonly requestsPaused = true;
  private readonly ledger: Ledger;
  private readonly exchanges: Exchange[];
  private bytesLeft = Number.POSITIVE_INFINITY;

  /** `exchanges` are those under way. */
  constructor(ledger: Ledger, exchanges: Exchange[]) {
    this.ledger = ledger;
    this.exchanges = exchanges;
  }

  /** What the client sends is left with it, but for so many bytes: those that are held on their way elsewhere. */
  takesOnly(bytes: number): void {
    this.bytesLeft = Math.min(this.bytesLeft, bytes);
  }

  /** So much has come; whether more is to be read. */
  takes(bytes: number): boolean {
    this.bytesLeft -= bytes;
    return this.bytesLeft > 0;
  }

  requestHead(head: RequestHead, startMs: number, atMs: number): Exchange {
    const exchange = this.ledger.open(head, startMs, atMs);
    this.exchanges.push(exchange);
    return exchange;
  }

  requestBytes(exchange: Exchange, bytes: Buffer, done: boolean, atMs: number): void {
    this.ledger.received(exchange, bytes, done, atMs);
    if (done && exchange.settled) this.ledger.uploaded(exchange);
  }

  tunnelSpeaksHttp(): boolean {
    return false;
  }

  requestRejected(): void {
    // What is no request is no exchange either; and whose body breaks off is answered no less than the others.
  }

  clientLeft(how: "fin" | "rst"): void {
    this.ledger.left(this.exchanges, how);
    this.endAll("client-left");
  }

  /** Writes down every exchange that is not over. */
  endAll(end: ExchangeEnd): void {
    for (const exchange of this.exchanges.splice(0)) this.ledger.settle(exchange, end);
    this.ledger.close();
  }
}
