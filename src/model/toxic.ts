import type { Fault } from "./experiment.ts";
import type { JsonObject } from "./json.ts";

/** A fault on a proxy as Toxiproxy shows it, and as it is carried out. */
export interface Toxic {
  readonly name: string;
  /** As it was written, such as `latency` or `http_error`. */
  readonly type: string;
  /** `upstream` or `downstream`, in whatever case it was written. */
  readonly stream: string;
  /** Share 0..1 of what passes that is hit. */
  readonly toxicity: number;
  /** Complete for Toxiproxy's types; of our own as they were written. */
  readonly attributes: JsonObject;
  /** Absent: it does nothing. */
  readonly fault?: Fault;
}
