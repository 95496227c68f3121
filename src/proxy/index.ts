/**
 * The data plane: listeners, lanes that serve connections, and the faults' effects on them.
 * May import: model, units, math, journal, faults, probes, evidence; it is spoken to in plain messages only (model/data-plane.ts).
 * To add a lane: a folder that exports a Lane (lane.ts), one line in lanes.ts, and its name in the model's LaneName.
 */
export { createDataPlane } from "./data-plane.ts";
export { openDataPlane } from "./data-plane-thread.ts";
export { bareHost, isLocalHost } from "./local-host.ts";
export { LoopWatch } from "./loop-watch.ts";
export { starvation, waitsOf } from "./processor-waits.ts";
export type { Waits } from "./processor-waits.ts";
export { CertificateMaker, readTlsFiles } from "./tls/index.ts";
export { createEnvFrom } from "./worker-env.ts";
