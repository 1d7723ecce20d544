/** Settings, rules and open incidents are at most a second old on any node (amendment A16). */
const SECOND_MS = 1_000;

let aheadMs = 0;

/**
 * Lets time pass at once for what nodes hold in memory, whose age they tell by `performance.now`: what has changed before must be known after it.
 * However slow the machine is, no test has to wait or to be quick.
 */
export function aSecondPasses(ms = SECOND_MS): void {
  if (aheadMs === 0) {
    const now = performance.now.bind(performance);
    performance.now = () => now() + aheadMs;
  }
  aheadMs += ms;
}
