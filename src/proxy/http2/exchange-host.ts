import type { ClientSide } from "../http1/client-side.ts";
import type { Limits } from "../http1/limits.ts";
import type { LaneContext } from "../lane.ts";
import type { Grip } from "../tcp/grip.ts";
import type { Goaway } from "./effects.ts";
import type { Exchange } from "./exchange.ts";
import type { Upstream } from "./upstream.ts";

/** The connection that an exchange is on. */
export interface ExchangeHost {
  readonly context: LaneContext;
  readonly limits: Limits;
  /** Fields of requests that are other towards upstream, by name. */
  readonly changedFields: Readonly<Record<string, string>>;
  /** Where it gets its stream to upstream. */
  readonly upstream: Pick<Upstream, "ask" | "leave" | "hold">;
  readonly client: Pick<ClientSide, "blocked">;
  goAway(effect: Goaway): void;
  /** The client's stream was reset by the client. */
  clientReset(): void;
  /** Nothing is said to either side any more. */
  readonly isSilent: boolean;
  /** What faults of the connection do to it. */
  readonly grip: Pick<Grip, "loses">;
  /** Its stream and its record are done. */
  done(exchange: Exchange): void;
  issue(code: string, message: string): void;
}
