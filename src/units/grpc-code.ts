/** Status codes of gRPC by their number (gRPC, "Status codes and their use in gRPC"). */
export const grpcCodes = [
  "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
] as const;

export type GrpcCode = (typeof grpcCodes)[number];

/** Statuses of HTTP that say the same, in the order of the codes (google/rpc/code.proto). */
const httpStatuses: readonly number[] = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

/** The status by which HTTP would say it; of a number that is no known code, that of UNKNOWN. */
export function httpStatusOf(grpcStatus: number): number {
  return httpStatuses[grpcStatus] ?? 500;
}

/** `UNAVAILABLE`, or the number where it has no name. */
export function grpcCodeName(grpcStatus: number): string {
  return grpcCodes[grpcStatus] ?? String(grpcStatus);
}
