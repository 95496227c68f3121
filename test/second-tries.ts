import type { Reporter, TestModule } from "vitest/node";

/** Ends a run by naming what passed at its second try only: luck or a race, which fails nothing and wants to be looked into. */
export default class SecondTries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]).filter((test) => test.diagnostic()?.flaky);
    if (tests.length === 0) return;
    process.stdout.write(`\n Passed at the second try only (${tests.length}):\n`);
    for (const test of tests) {
      const first = test.result().errors?.[0]?.message.split("\n", 1)[0] ?? "no message";
      process.stdout.write(`  ${test.module.relativeModuleId} > ${test.fullName}\n    at first: ${first}\n`);
    }
  }
}
