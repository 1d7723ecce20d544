import { takeDataDirectory } from '../../src/store/data-directory.ts';

// Takes the data directory that is named and holds it, if asked to without ever giving its event loop a turn.
const [folder = '', busy] = process.argv.slice(2);
await takeDataDirectory(folder);
process.stdout.write('held\n', () => {
  while (busy === 'busy');
});
setInterval(() => undefined, 1_000);
