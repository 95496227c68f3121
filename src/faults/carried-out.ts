import type { Effect, EffectKind } from "../model/effect.ts";
import type { LaneName } from "../model/experiment.ts";
import type { FaultType, Subject } from "../model/fault-type.ts";

/** Which lanes can carry an effect out. What the proxy does at its door is the same for all lanes. */
export const carriedOutBy: Readonly<Record<EffectKind, readonly LaneName[]>> = {
  delay: ["http1", "http2"],
  respond: ["http1", "http2"],
  close: ["http1", "http2"],
  hang: ["http1", "http2"],
  spread: ["http1", "http2"],
  truncate: ["http1", "http2"],
  corrupt: ["http1", "http2"],
  malformed: ["http1"],
  "grpc-status": ["http2"],
  "stream-reset": ["http2"],
  goaway: ["http2"],
  rewrite: ["http1"],
  duplicate: ["http1"],
  replay: ["http1"],
  remember: ["http1"],
  reset: ["http1", "http2", "tcp"],
  "delay-message": ["http1"],
  "drop-message": ["http1"],
  "close-frame": ["http1"],
  "delay-bytes": ["http1", "http2", "tcp"],
  throttle: ["http1", "http2", "tcp"],
  slice: ["http1", "http2", "tcp"],
  lose: ["http1", "http2", "tcp"],
  "hold-end": ["http1", "tcp"],
  limit: ["http1", "http2", "tcp"],
  silence: ["http1", "http2", "tcp"],
  handshake: ["http1", "http2", "tcp"],
  admit: ["http1", "http2", "tcp"],
  refuse: ["http1", "http2", "tcp"],
};

const subjects: Readonly<Record<Subject["kind"], Subject>> = {
  exchange: { kind: "exchange", method: "GET", path: "/" },
  connection: { kind: "connection", id: 1 },
  handshake: { kind: "handshake", id: 1 },
  message: { kind: "message", direction: "response", nth: 1 },
  websocket: { kind: "websocket", conn: 1 },
  listener: { kind: "listener" },
};

/** The effect of a fault that the lane cannot carry out, and the lanes that can; absent when it can carry out all. */
export function beyondLane(type: FaultType, params: unknown, lane: LaneName): { readonly effect: EffectKind; readonly lanes: readonly LaneName[] } | undefined {
  const beyond = effectsOf(type, params).find(({ kind }) => !carriedOutBy[kind].includes(lane));
  return beyond && { effect: beyond.kind, lanes: carriedOutBy[beyond.kind] };
}

/** Whether a fault acts on bytes or messages, which have a direction. */
export function hasDirection(type: FaultType, params: unknown): boolean {
  return type.on === "message" || effectsOf(type, params).some((effect) => "direction" in effect);
}

/** Whether a fault takes the listener down: what it refuses leaves no trace, and its openings are witnessed instead. */
export function refuses(type: FaultType, params: unknown): boolean {
  return type.on === "listener" && effectsOf(type, params).some(({ kind }) => kind === "refuse");
}

/** Whether what a fault does to one call or connection hangs on the others: it remembers, they share it, or it acts at the door. */
export function actsTogether(type: FaultType, params: unknown): boolean {
  return type.on === "listener" || "memory" in firstOutcome(type, params) || effectsOf(type, params).some((effect) => effect.kind === "replay" || ("shared" in effect && effect.shared));
}

function effectsOf(type: FaultType, params: unknown): readonly Effect[] {
  const outcome = firstOutcome(type, params);
  return "memory" in outcome ? outcome.effects : outcome;
}

/** What a fault decides when it is asked for the first time. */
function firstOutcome(type: FaultType, params: unknown): ReturnType<FaultType["decide"]> {
  return type.decide(params, subjects[type.on], { n: 1, attempt: 1, sinceWindowMs: 0, direction: "both" }, () => 0.5);
}
