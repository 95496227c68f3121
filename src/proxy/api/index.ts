/**
 * The control API of the proxies that are served: Toxiproxy's wire contract over HTTP, and what is ours beyond it (leases, exchanges, events).
 * May import ranks below its own: model … experiment, and faults and toxics; of the data plane only what model/data-plane.ts says, by the Switchboard that it is given.
 * To add an endpoint: a line in routes.ts. To add a toxic: the room toxics.
 * control.ts is what endpoints do, without HTTP; server.ts, request-handler.ts and routes.ts are HTTP; witness-log.ts holds what went through, metrics.ts counts it.
 */
export { ApiError } from "./api-error.ts";
export { Control } from "./control.ts";
export type { ControlEvent, Switchboard } from "./control.ts";
export { startApiServer } from "./server.ts";
export { WitnessLog } from "./witness-log.ts";
