import type { Env } from "../../model/env.ts";
import { sizeOf } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Ledger } from "./ledger.ts";
import { Shape } from "./shape.ts";
import type { Wires } from "./wires.ts";

/** Writes answers to the client, as far as their limits let them, and holds what has to wait. */
export class AnswerWriter {
  heldBytes = 0;
  private readonly wires: Wires;
  private readonly ledger: Ledger;

  constructor(wires: Wires, ledger: Ledger) {
    this.wires = wires;
    this.ledger = ledger;
  }

  /** Bytes of the answer, `done` with its last: through the effects on them, where there are any. */
  pass(exchange: Exchange, bytes: Buffer, done: boolean): void {
    if (exchange.responseShape === undefined) this.write(exchange, bytes);
    else exchange.responseShape.take(bytes, done);
  }

  /** What the bytes of the answer go through from now on; `moved` when some have left by themselves. */
  shape(exchange: Exchange, env: Env, moved: () => void): Shape {
    exchange.responseShape ??= new Shape({
      env, moved, framing: exchange.responseFraming, length: exchange.responseLength,
      out: (bytes, cut) => {
        if (exchange.spent) return;
        this.write(exchange, bytes);
        if (cut) exchange.spent = true;
      },
    });
    return exchange.responseShape;
  }

  write(exchange: Exchange, bytes: Buffer): void {
    let out = bytes;
    if (exchange.limitBytes >= 0) {
      const room = exchange.limitBytes - exchange.responseBytes;
      // At the very end of the answer there is a reset to come, but nothing to withhold.
      const isWhole = bytes.length === room && exchange.responseDone && exchange.ending?.effect.kind === "hang";
      exchange.spent = bytes.length >= room && !isWhole;
      if (bytes.length > room) out = bytes.subarray(0, room);
    }
    if (out.length > 0) {
      const written = this.wires.toClient(out);
      exchange.responseBytes += written;
      if (written < out.length) exchange.spent = true;
    }
    if (exchange.headMs < 0 && exchange.headEndBytes > 0 && exchange.responseBytes >= exchange.headEndBytes) this.ledger.headWritten(exchange, this.wires.wroteMs);
  }

  /** `interim`: an interim response, which no effect on the response holds. */
  hold(exchange: Exchange, bytes: Buffer, interim: boolean): void {
    if (interim) (exchange.heldInterims ??= []).push(bytes);
    else if (exchange.rewriting !== undefined) return exchange.rewriting.take(bytes, exchange.responseDone);
    else (exchange.heldResponse ??= []).push(bytes);
    this.heldBytes += bytes.length;
  }

  /** It is the exchange's turn: writes what is held of its answer and may go. */
  flush(exchange: Exchange): void {
    const interims = exchange.heldInterims;
    if (interims !== undefined) {
      exchange.heldInterims = undefined;
      this.heldBytes -= sizeOf(interims);
      for (const bytes of interims) if (!exchange.spent) this.write(exchange, bytes);
    }
    const held = exchange.heldResponse;
    if (held === undefined || exchange.responseGate !== "open") return;
    exchange.heldResponse = undefined;
    this.heldBytes -= sizeOf(held);
    const last = held.length - 1;
    for (const [i, bytes] of held.entries()) if (!exchange.spent) this.pass(exchange, bytes, i === last && exchange.responseDone);
  }

  drop(exchange: Exchange): void {
    this.dropFinal(exchange);
    this.heldBytes -= sizeOf(exchange.heldInterims);
    exchange.heldInterims = undefined;
  }

  /** All but interim responses. */
  dropFinal(exchange: Exchange): void {
    this.takeFinal(exchange);
  }

  /** What is held of the final response, which is held no more. */
  takeFinal(exchange: Exchange): readonly Buffer[] {
    const { heldResponse = [] } = exchange;
    exchange.heldResponse = undefined;
    this.heldBytes -= sizeOf(heldResponse);
    return heldResponse;
  }
}
