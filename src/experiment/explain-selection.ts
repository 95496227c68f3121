import type { Fault } from "../model/experiment.ts";
import type { Match, Per, TextMatch } from "../model/selection.ts";
import { findFaultType } from "../faults/index.ts";
import { format } from "../units/format.ts";

/** Whom and when a fault hits, as the end of its sentence: `, on POST /charges, from 2s for 5s, 20% of them`. */
export function explainSelection(fault: Fault, duringMs: number): string {
  const { layer, direction, selection } = fault;
  const { match, fromMs, forMs, flap, afterSilenceMs, after, every, first, attempt, rateShare, burstLength, ramp, per } = selection;
  const units = unitsOf(fault);
  const endMs = forMs === undefined ? duringMs : fromMs + forMs;
  const whole = fromMs === 0 && endMs >= duringMs;
  const parts = [
    ...(match === undefined ? [] : [`on ${explainMatch(match)}`]),
    ...(direction === usualDirection(fault) ? [] : [directionWords[direction]]),
    ...(whole ? [] : [`from ${time(fromMs)} to ${time(endMs)} of during`]),
    ...(flap === undefined ? [] : [`on for ${time(flap.onMs)}, off for ${time(flap.offMs)}`]),
    ...(afterSilenceMs === undefined ? [] : [`only the first call after a silence of ${time(afterSilenceMs)}`]),
    ...(after === 0 ? [] : [`sparing the first ${after}`]),
    ...(every === 1 ? [] : [`every ${ordinal(every)} ${layer === "process" ? "time" : "of them"}`]),
    ...(first === undefined ? [] : [`the first ${first} ${layer === "process" ? "times" : "of them"}`]),
    ...(attempt === undefined ? [] : [explainAttempt(attempt)]),
    ...(ramp === undefined ? [] : [`${format("share", ramp.fromShare)} of ${units}, moving to ${format("share", ramp.toShare)} over ${time(ramp.overMs)}`]),
    ...(rateShare >= 1 || ramp !== undefined ? [] : [`${format("share", rateShare)} of ${units}${burstLength === undefined ? "" : `, in bursts of ${burstLength} in a row on average`}`]),
    ...(per === "fault" ? [] : [`numbered per ${explainPer(per)}`]),
  ];
  return parts.map((part) => `, ${part}`).join("");
}

const directionWords: Readonly<Record<Fault["direction"], string>> = { both: "both ways", request: "on the way to upstream", response: "on the way to the caller" };

/** Where its author says none. */
function usualDirection({ type, layer }: Fault): Fault["direction"] {
  const known = findFaultType(type, layer);
  return known === undefined || known.on === "process" ? "response" : known.direction ?? "response";
}

/** What it is that a fault hits some of. */
function unitsOf({ type, layer }: Fault): string {
  const on = findFaultType(type, layer)?.on;
  if (on === "message") return "messages";
  if (on === "websocket") return "WebSockets";
  return layer === "connection" ? "connections" : "calls";
}

function time(ms: number): string {
  return ms === 0 ? "0s" : format("duration", ms);
}

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th";
  return `${n}${ending}`;
}

function explainAttempt({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? `only attempt ${min} at each call of a request` : `only attempts ${min} to ${max} at each call of a request`;
}

function explainPer(per: Per): string {
  return typeof per === "string" ? per : `header ${per.header}`;
}

function explainMatch({ methods, host, path, headers, query }: Match): string {
  const target = [methods?.join(" or "), path === undefined ? undefined : explainText(path)].filter((part) => part !== undefined).join(" ");
  const named = (kind: string, texts: Match["headers"]): readonly string[] => Object.entries(texts ?? {}).map(([name, text]) => `${kind} ${name} ${explainText(text)}`);
  const others = [...named("header", headers), ...named("query", query)];
  return [target === "" ? "calls" : target, ...(host === undefined ? [] : [`to ${explainText(host)}`]), ...(others.length === 0 ? [] : [`with ${others.join(" and ")}`])].join(" ");
}

function explainText(text: TextMatch): string {
  if ("equals" in text) return `"${text.equals}"`;
  if ("glob" in text) return text.glob;
  return "regex" in text ? `/${text.regex}/` : text.present ? "present" : "absent";
}
