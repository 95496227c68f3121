/**
 * The tcp lane: bytes both ways, each direction a list of stages that faults add and remove while bytes flow.
 * May import: model, units, math, faults, and the lane's border above it.
 * To add an effect on bytes: write a stage (one file that implements Stage) and a case in grip.ts.
 */
import type { Lane } from "../lane.ts";
import { TcpConnection } from "./connection.ts";

/** Dials upstream at accept, because a server may speak first. */
export const tcp: Lane = (client, context) => new TcpConnection(client, context);
