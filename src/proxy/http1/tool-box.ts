import type { HeadScanner } from "./head-scanner.ts";

/** What one head is read with. */
export interface HeadTools<Head> {
  readonly scanner: HeadScanner;
  readonly head: Head;
}

/** More than that many heads are seldom under way at once; of a flood of them not all tools are kept. */
const mostSpare = 16;

/** Tools for the reading of heads that all connections share: only one on which a head is under way has some of its own. */
export class ToolBox<Head extends { release(): void }> {
  private readonly make: () => HeadTools<Head>;
  private readonly spare: HeadTools<Head>[] = [];

  constructor(make: () => HeadTools<Head>) {
    this.make = make;
  }

  take(): HeadTools<Head> {
    return this.spare.pop() ?? this.make();
  }

  /** Nobody asks the head any more. */
  giveBack(tools: HeadTools<Head>): void {
    tools.scanner.reset();
    tools.head.release();
    if (this.spare.length < mostSpare) this.spare.push(tools);
  }
}
