import type { QuantityKind } from "./quantity.ts";

/** A number in base units as people read it: `1.93s`, `97.5%`, `2.1x`, `25/s`, `64KiB`. */
export function format(kind: QuantityKind, value: number): string {
  switch (kind) {
    case "duration": return duration(value);
    case "share": return `${trim(value * 100, share(value))}%`;
    case "factor": return `${trim(value, 2)}x`;
    case "rate": return `${trim(value, 1)}/s`;
    case "size": return size(value);
    case "throughput": return `${size(value)}/s`;
    case "count": return trim(value, 2);
  }
}

function duration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs < 10) return `${trim(ms, 1)}ms`;
  if (abs < 999.5) return `${Math.round(ms)}ms`;
  if (abs < 60_000) return `${trim(ms / 1000, abs < 10_000 ? 2 : 1)}s`;
  const totalSeconds = Math.round(ms / 1000);
  const minutes = Math.floor(totalSeconds / 60);
  const rest = totalSeconds - minutes * 60;
  return rest === 0 ? `${minutes}m` : `${minutes}m ${rest}s`;
}

/** Shares near 0 % and 100 % need more digits to be told apart from them. */
function share(value: number): number {
  const edge = Math.min(Math.abs(value), Math.abs(1 - value));
  return edge > 0 && edge < 0.0005 ? 3 : edge > 0 && edge < 0.01 ? 2 : 1;
}

function size(bytes: number): string {
  const steps: readonly (readonly [string, number])[] = [["GiB", 1024 ** 3], ["MiB", 1024 ** 2], ["KiB", 1024]];
  for (const [unit, n] of steps) if (bytes >= n) return `${trim(bytes / n, 1)}${unit}`;
  return `${Math.round(bytes)}B`;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
