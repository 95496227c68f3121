import { Observer } from "../../src/evidence/observer.ts";
import type { Event, ExchangeRecord } from "../../src/model/event.ts";
import type { Observations } from "../../src/model/observation.ts";
import { simulate } from "./simulate.ts";
import type { Simulation } from "./simulate.ts";

/** A simulated run whose service closes its sending half behind each request and reads on: what the witness then writes down. */
export function simulateHalfClosing(simulation: Simulation): Observations {
  const { header, events } = simulate(simulation);
  const observer = new Observer(header);
  for (const event of events) observer.add(halfClosed(event));
  return observer.finish();
}

/** Of a caller that gives up later only its first FIN is seen: the exchange goes on until the fault ends, or upstream answers. */
function halfClosed(event: Event): Event {
  if (event.kind !== "exchange") return event;
  const { leftMs, ...exchange }: ExchangeRecord = event;
  return { ...exchange, seq: event.seq, end: "client-left", leftMs: event.startMs + 0.3, leftBy: "fin", afterFin: leftMs === undefined ? event.end : "open" };
}
