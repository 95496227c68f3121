import { readdirSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Family } from "./prometheus.ts";

const tickMs = 10;
/** Figures of the event loop are of at least so long, unless two scrapes are further apart: so a second scraper does not take them from the first. */
const lagOverSeconds = 10;

/** What this process uses, by the names that Prometheus' own clients give it. */
export class ProcessFigures {
  readonly #lag = monitorEventLoopDelay({ resolution: tickMs });
  #lagSinceSeconds = process.uptime();
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

  #lagFamilies(): readonly Family[] {
    // The histogram holds the time between two ticks; before the first there is nothing to tell.
    const late = (ns: number): number | undefined => (this.#lag.count === 0 ? undefined : Math.max(0, ns / 1e9 - tickMs / 1000));
    const families = [
      gauge("nodejs_eventloop_lag_mean_seconds", "How late the event loop of the main thread was in the last seconds, mean.", late(this.#lag.mean)),
      gauge("nodejs_eventloop_lag_p99_seconds", "The same, 99th percentile.", late(this.#lag.percentile(99))),
      gauge("nodejs_eventloop_lag_max_seconds", "The same, largest.", late(this.#lag.max)),
    ];
    if (process.uptime() - this.#lagSinceSeconds > lagOverSeconds) {
      this.#lag.reset();
      this.#lagSinceSeconds = process.uptime();
    }
    return families;
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
