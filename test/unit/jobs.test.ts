import { expect, test } from 'vitest';
import { startJobs } from '../../src/jobs/jobs.ts';
import type { Instance } from '../../src/operations/instance.ts';

test('many jobs pause at once without a warning of Node, and stop', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  const runs: string[] = [];
  const jobs = Array.from({ length: 30 }, (_, at) => ({ name: `job ${at}`, everyMs: 60_000, run: async () => runs.push(`job ${at}`) }));
  const running = startJobs({} as Instance, jobs);
  await new Promise((resolve) => setImmediate(resolve));
  await running.stop();
  process.off('warning', note);
  expect([runs.length, warnings]).toEqual([30, []]);
});
