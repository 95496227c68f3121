import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

interface ConnectionLimit {
  readonly connections: number;
  readonly then: "close" | "reset";
}

/** A server that has no connection left: a pool that leaks or grows is found out. */
export const connectionLimit: FaultType<ConnectionLimit> = {
  type: "connection-limit",
  layer: "connection",
  on: "listener",
  summary: "So many connections may be open at once; further ones are ended at accept.",
  params: z.strictObject({
    connections: z.int().min(1).describe("How many may be open at once through this proxy. Those that are open already stay."),
    then: z.enum(["close", "reset"]).default("reset").describe("What happens to further ones. reset (default): RST. close: FIN."),
  }),
  example: "connections: 5",
  explain: ({ connections, then }) => `${then === "close" ? "closes" : "resets"} connections beyond ${connections} open at once`,
  decide: ({ connections, then }) => [{ kind: "admit", connections, how: then === "close" ? "fin" : "rst" }],
};
