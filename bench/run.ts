import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, BenchResult } from './bench-result.ts';

// As the command line does before it loads anything: what is measured is the service as it runs.
process.env.NODE_ENV ??= 'production';

// npm run bench [-- --only NAME] [--json]: the figures of the service, each beside the least that the same work can cost.
const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } });

const NO_BENCHES = ['run.ts', 'bench-result.ts', 'scratch-database.ts', 'bench-app.ts'];

async function loadBenches(): Promise<Bench[]> {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !NO_BENCHES.includes(file))
    .sort();
  const loaded = await Promise.all(files.map(async (file) => (await import(join(import.meta.dirname, file))) as Partial<Bench>));
  return loaded.filter((module): module is Bench => typeof module.name === 'string' && typeof module.run === 'function');
}

const figure = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));

function show(result: BenchResult): void {
  if (values.json) {
    console.log(JSON.stringify({ ...result, ratio: Number(result.ratio.toFixed(3)) }));
    return;
  }
  const { name, value, unit, baseline, ratio } = result;
  console.log(
    `${name.padEnd(24)} ${figure(value).padStart(12)} ${unit.padEnd(22)} baseline ${figure(baseline).padStart(12)}   ratio ${ratio.toFixed(2)}`,
  );
}

const benches = await loadBenches();
const chosen = benches.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(`there is no figure ${values.only}; there are ${benches.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
for (const bench of chosen) for (const result of await bench.run()) show(result);
