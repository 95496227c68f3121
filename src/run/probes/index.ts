/**
 * Carrying out the calls of probes: one kind of call, one file. What is asked and how answers are graded stands in src/probes.
 * May import what src/run may.
 * To add one: a file that makes a Caller, and a line below.
 */
import type { ProbeCall } from "../../model/probe-type.ts";
import type { Load } from "../../model/experiment.ts";
import type { Caller } from "./caller.ts";
import { commandCaller } from "./command.ts";
import type { CommandSetting } from "./command.ts";
import { httpCaller } from "./http.ts";
import { tcpCaller } from "./tcp.ts";
import { readTrust } from "./trust.ts";

export type { Caller, Flight } from "./caller.ts";
export { failureWord } from "./failure.ts";

/** Who carries out the calls of one probe, all of the kind of this one. Throws ChaosError `bad-certificate`. */
export function createCaller(call: ProbeCall, load: Load, setting: CommandSetting): Caller {
  switch (call.kind) {
    case "http": return httpCaller(load.connections, call.trust === undefined ? {} : readTrust(call.trust, setting.baseDir));
    case "tcp": return tcpCaller();
    case "command": return commandCaller(setting);
  }
}
