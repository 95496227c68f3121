import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

interface ConnectionLimit {
  readonly connections: number;
  readonly end: "close" | "reset";
}

/** A server that has no connection left: a pool that leaks or grows is found out. */
export const connectionLimit: FaultType<ConnectionLimit> = {
  type: "connection-limit",
  layer: "connection",
  on: "listener",
  summary: "So many connections may be open at once; further ones are ended at accept.",
  params: z.strictObject({
    connections: z.int().min(1).describe("How many may be open at once through this proxy. Those that are open already stay."),
    end: z.enum(["close", "reset"]).default("reset").describe("How further ones end: reset (default) by RST, close by FIN."),
  }),
  example: "connections: 5",
  explain: ({ connections, end }) => `${end === "close" ? "closes" : "resets"} connections beyond ${connections} open at once`,
  decide: ({ connections, end }) => [{ kind: "admit", connections, how: end === "close" ? "fin" : "rst" }],
};
