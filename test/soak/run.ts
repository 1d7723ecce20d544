import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** A long check: throws where it finds something wrong. */
interface Soak {
  readonly name: string;
  run(): Promise<void>;
}

// npm run soak [-- --only NAME]: crash loops, load and races; not part of npm test. A file here is a check where it exports `name` and `run`.
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const files = readdirSync(import.meta.dirname).filter((file) => /^(?!run\b|.*-worker\b).*\.ts$/.test(file));
const loaded = await Promise.all(files.sort().map(async (file) => (await import(join(import.meta.dirname, file))) as Partial<Soak>));
const soaks = loaded.filter((module): module is Soak => typeof module.name === 'string' && typeof module.run === 'function');
const chosen = soaks.filter(({ name }) => values.only === undefined || name === values.only);

if (chosen.length === 0) {
  console.error(`there is no check ${values.only}; there are ${soaks.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
}
for (const { name, run } of chosen) {
  const start = performance.now();
  try {
    await run();
    console.log(`ok    ${name} (${Math.round((performance.now() - start) / 1000)} s)`);
  } catch (error) {
    console.error(`FAIL  ${name}:`, error);
    process.exitCode = 1;
  }
}
