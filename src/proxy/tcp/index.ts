/**
 * The tcp lane: bytes both ways, each direction a list of stages that faults add and remove while bytes flow.
 * May import: model, units, math, faults, and the lane's border above it.
 * To add an effect on bytes: a case in stage-of.ts, made of a draw for DelayStage, a pacer for PieceStage, or a stage of its own;
 * an effect that ends or silences the connection: a case in grip.ts. Then its line in the table of effects and lanes (faults/carried-out.ts).
 */
import type { Lane } from "../lane.ts";
import { TcpConnection } from "./connection.ts";

/** Dials upstream at accept, because a server may speak first. */
export const tcp: Lane = (client, context) => new TcpConnection(client, context);
