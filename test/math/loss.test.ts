import { expect, test } from "vitest";
import { lossChain } from "../../src/math/loss.ts";
import { keyedRandom } from "../../src/math/random.ts";

function runsOf(loss: number, meanBurst: number, n = 200_000) {
  const isLost = lossChain(loss, meanBurst, keyedRandom("loss", loss, meanBurst));
  const bursts: number[] = [];
  let [lost, run] = [0, 0];
  for (let i = 0; i < n; i++) {
    if (isLost()) {
      lost += 1;
      run += 1;
    } else if (run > 0) {
      bursts.push(run);
      run = 0;
    }
  }
  return { share: lost / n, meanBurst: bursts.reduce((sum, burst) => sum + burst, 0) / bursts.length };
}

test.each([[0.01, 1], [0.05, 4], [0.3, 3], [0.5, 1], [0.02, 50]])("loses a share of %d in bursts of %d on average", (loss, meanBurst) => {
  const seen = runsOf(loss, meanBurst);
  expect(seen.share / loss).toBeGreaterThan(0.85);
  expect(seen.share / loss).toBeLessThan(1.15);
  expect(seen.meanBurst / meanBurst).toBeGreaterThan(0.9);
  expect(seen.meanBurst / meanBurst).toBeLessThan(1.1);
});

test("a mean burst of 1 / (1 − loss) is independent loss: the packet before says nothing", () => {
  const loss = 0.3;
  const isLost = lossChain(loss, 1 / (1 - loss), keyedRandom("independent"));
  const after = { lost: { n: 0, lost: 0 }, kept: { n: 0, lost: 0 } };
  let before = isLost();
  for (let i = 0; i < 200_000; i++) {
    const now = isLost();
    const counts = before ? after.lost : after.kept;
    counts.n += 1;
    if (now) counts.lost += 1;
    before = now;
  }
  expect(Math.abs(after.lost.lost / after.lost.n - loss)).toBeLessThan(0.01);
  expect(Math.abs(after.kept.lost / after.kept.n - loss)).toBeLessThan(0.01);
});
