import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Family } from "./prometheus.ts";

/** What this process uses, by the names that Prometheus' own clients give it. */
export class ProcessFigures {
  readonly #lag = monitorEventLoopDelay({ resolution: 10 });
  readonly #startedSeconds = Date.now() / 1000 - process.uptime();

  constructor() {
    this.#lag.enable();
  }

  close(): void {
    this.#lag.disable();
  }

  families(): readonly Family[] {
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    return [
      counter("process_cpu_seconds_total", "User and system CPU time spent, all threads together.", (user + system) / 1e6),
      gauge("process_resident_memory_bytes", "Resident memory.", memory.rss),
      gauge("process_start_time_seconds", "Start of the process, Unix time.", this.#startedSeconds),
      gauge("process_open_fds", "Open file descriptors, sockets among them.", openDescriptors()),
      gauge("process_max_fds", "Most file descriptors that may be open.", mostDescriptors()),
      gauge("nodejs_heap_size_used_bytes", "Used heap of the main thread.", memory.heapUsed),
      gauge("nodejs_heap_size_total_bytes", "Heap of the main thread.", memory.heapTotal),
      gauge("nodejs_external_memory_bytes", "Memory of buffers and the like.", memory.external),
      ...this.#lagFamilies(),
    ];
  }

  /** Since the scrape before. */
  #lagFamilies(): readonly Family[] {
    const [mean, p99, max] = [this.#lag.mean, this.#lag.percentile(99), this.#lag.max].map((ns) => ns / 1e9);
    // Before its first tick there is nothing to tell, and the histogram says so by NaN and a huge maximum.
    const isEmpty = Number.isNaN(mean);
    this.#lag.reset();
    return [
      gauge("nodejs_eventloop_lag_mean_seconds", "Mean time between two turns of a 10 ms timer of the main thread since the last scrape.", isEmpty ? undefined : mean),
      gauge("nodejs_eventloop_lag_p99_seconds", "The same, 99th percentile.", isEmpty ? undefined : p99),
      gauge("nodejs_eventloop_lag_max_seconds", "The same, largest.", isEmpty ? undefined : max),
    ];
  }
}

function gauge(name: string, help: string, value: number | undefined): Family {
  return { name, type: "gauge", help, samples: value === undefined ? [] : [{ labels: {}, value }] };
}

function counter(name: string, help: string, value: number): Family {
  return { name, type: "counter", help, samples: [{ labels: {}, value }] };
}

/** Linux only. */
function openDescriptors(): number | undefined {
  try {
    // The folder itself is open while it is read.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return undefined;
  }
}

/** Linux only. */
function mostDescriptors(): number | undefined {
  try {
    const most = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
    return Number.isFinite(most) ? most : undefined;
  } catch {
    return undefined;
  }
}
