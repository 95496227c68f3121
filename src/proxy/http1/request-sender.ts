import type { Env } from "../../model/env.ts";
import { listenedUntil } from "../listening.ts";
import { sizeOf } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { Shape } from "./shape.ts";
import type { Wires } from "./wires.ts";

/** A FIN so soon behind what came last is half a close: no caller gives up so fast. */
const halfCloseMs = 25;

/** Whether who closes at `nowMs` has given up; something came last at `lastMs`. A FIN that found us held up may have been there long before it was read. */
export function gaveUp(lastMs: number, nowMs: number): boolean {
  return listenedUntil(nowMs) - lastMs > halfCloseMs;
}

/** Passes the requests of a connection on to upstream, in their order, and holds what has to wait. */
export class RequestSender {
  /** How many of the exchanges, from the first, have been let go: passed on, or answered in place. */
  letGo = 0;
  /** Upstream takes no more. */
  isLost = false;
  /** The next request is for another host, and waits until the one in use is done with. */
  waitsToTurn = false;
  private readonly env: Env;
  private readonly wires: Wires;
  private readonly exchanges: readonly Exchange[];
  private waitingBytes = 0;
  /** The last request let go that effects act on: those behind it wait until it has left whole. It may be answered already. */
  private shaped: Exchange | undefined;

  constructor(env: Env, wires: Wires, exchanges: readonly Exchange[]) {
    this.env = env;
    this.wires = wires;
    this.exchanges = exchanges;
  }

  get heldBytes(): number {
    return this.waitingBytes + this.shapedWeight;
  }

  /** Some requests have not left whole. */
  get isWaiting(): boolean {
    return this.letGo < this.exchanges.length || this.isSlow;
  }

  /**
   * How many of the requests go on when nothing more comes from the client. Of those not let go, what came in part does not, and, where the client
   * has given up, what faults hold does not; and nothing behind it.
   */
  remaining(hasGivenUp: boolean): number {
    let count = this.letGo;
    for (; count < this.exchanges.length; count++) {
      const { requestDone, ready, endAs } = this.exchanges[count]!;
      if (endAs !== "rejected" && (!requestDone || (hasGivenUp && !ready))) break;
    }
    return count;
  }

  /** Something is held of a request that has been let go. */
  get isSlow(): boolean {
    return this.shapedWeight > 0;
  }

  take(exchange: Exchange, bytes: Buffer, done: boolean): void {
    if (exchange.requestGate === "open") this.send(exchange, bytes, done);
    else if (exchange.requestGate === "sink") return;
    else if (exchange.rewriting !== undefined) exchange.rewriting.take(bytes, done);
    else this.hold(exchange, bytes);
  }

  hold(exchange: Exchange, bytes: Buffer): void {
    (exchange.heldRequest ??= []).push(bytes);
    this.waitingBytes += bytes.length;
  }

  /** Lets go of the requests that nothing holds. */
  letReadyGo(): void {
    this.waitsToTurn = false;
    while (this.letGo < this.exchanges.length) {
      const next = this.exchanges[this.letGo]!;
      if (!next.ready || this.shaped?.requestShape?.finished === false) return;
      if (next.authority !== undefined && !this.turnsTo(next)) return;
      this.letGo++;
      if (next.requestGate === "held") this.passOn(next);
    }
  }

  /** The request is not to go on; what is held of it is thrown away. */
  sink(exchange: Exchange): void {
    exchange.requestGate = "sink";
    exchange.rewriting?.drop();
    exchange.rewriting = undefined;
    this.takeHeld(exchange);
  }

  /** What is held of the request, which is held no more. */
  takeHeld(exchange: Exchange): readonly Buffer[] {
    const { heldRequest = nothing } = exchange;
    exchange.heldRequest = undefined;
    this.waitingBytes -= sizeOf(heldRequest);
    return heldRequest;
  }

  /** What the bytes of the request go through from now on. */
  shape(exchange: Exchange): Shape {
    exchange.requestShape ??= new Shape({
      env: this.env, framing: exchange.requestFraming, length: exchange.requestLength, mayTunnel: exchange.mayTunnel,
      out: (bytes) => {
        if (bytes.length > 0) this.wires.toUpstream(bytes);
        if (exchange.tees !== undefined) for (const tee of exchange.tees) tee.take(bytes, exchange.requestShape?.finished === true);
      },
      moved: () => {
        this.moved();
        this.wires.controlFlow();
      },
    });
    return exchange.requestShape;
  }

  lift(release: boolean, gone?: ReadonlySet<string>): void {
    this.shaped?.requestShape?.letGo(release, gone);
    this.moved();
  }

  /** Nothing is to be sent any more. */
  drop(): void {
    this.shaped?.requestShape?.drop();
    this.shaped = undefined;
  }

  /** The exchange at this place is over and has been taken out. */
  removed(exchange: Exchange, index: number): void {
    if (index < this.letGo) this.letGo--;
    if (exchange.heldRequest !== undefined) this.sink(exchange);
    if (exchange.mayTunnel) exchange.requestShape?.end();
  }

  private get shapedWeight(): number {
    return (this.shaped?.requestShape?.heldWeight ?? 0) + (this.exchanges.at(-1)?.webSocket?.heldWeight("request") ?? 0);
  }

  /** Of requests that are passed on, those before must be answered when the host is another. */
  private turnsTo(next: Exchange): boolean {
    this.waitsToTurn = next.requestGate === "held" && this.wires.forwarding?.turnTo(next, this.letGo === 0) === false;
    return !this.waitsToTurn;
  }

  private moved(): void {
    this.letReadyGo();
  }

  private passOn(exchange: Exchange): void {
    if (this.isLost) {
      this.sink(exchange);
      exchange.unpassable = true;
      return;
    }
    exchange.requestGate = "open";
    exchange.passedOn = !this.wires.grip.loses("request");
    if (exchange.requestShape !== undefined) this.shaped = exchange;
    if (exchange.heldRequest === undefined) return;
    const held = this.takeHeld(exchange);
    for (const [i, bytes] of held.entries()) this.send(exchange, bytes, i === held.length - 1 && exchange.requestDone);
  }

  private send(exchange: Exchange, bytes: Buffer, done: boolean): void {
    if (exchange.requestShape === undefined) this.wires.toUpstream(bytes);
    else exchange.requestShape.take(bytes, done);
  }
}

const nothing: readonly Buffer[] = [];
