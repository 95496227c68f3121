import type { ConnectionRecord } from "../../model/event.ts";
import type { Grip } from "../tcp/grip.ts";
import type { Forwarding } from "./forwarding.ts";
import type { RequestReader } from "./request-reader.ts";

/** How the connection to upstream was lost. */
export interface Loss {
  readonly how: "fin" | "rst";
  /** False: there never was one. */
  readonly reached: boolean;
}

/** The two connections, as the pipeline between them sees them. */
export interface Wires {
  toUpstream(bytes: Buffer): void;
  /** What faults of the connection do to it. */
  readonly grip: Pick<Grip, "loses">;
  /** In forward mode: which host is spoken to. */
  readonly forwarding: Forwarding | undefined;
  /** Returns how many of the bytes were written: all, unless the connection was cut off. */
  toClient(bytes: Buffer): number;
  /** A fault of the connection has cut it off: nothing is written any more, and its end is under way. */
  readonly isCut: boolean;
  /** When the last byte was written to the client. */
  readonly wroteMs: number;
  /** More or less is held than before. */
  controlFlow(): void;
  /** Ends the client's connection by FIN behind what has been written, and upstream's. */
  close(by: ConnectionRecord["closedBy"]): void;
  /** Resets the client's connection when what was written is out, and ends upstream's. */
  reset(by: ConnectionRecord["closedBy"]): void;
  dropUpstream(): void;
  /** Passes on upstream's half of a close. */
  endClient(): void;
  /** No answer is outstanding; `loss`: nor can upstream give any more. */
  idle(loss: Loss | undefined): void;
  /** What the client sends: bytes of a tunnel from now on, or requests, because no tunnel was opened. */
  readonly requests: Pick<RequestReader, "tunnel" | "resume">;
  /** The proxy itself makes the client wait. */
  readonly requestsPaused: boolean;
}
