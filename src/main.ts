import { runCommandLine } from './cli/cli.ts';

// Set and not called: what is still being written to a pipe is written to its end.
process.exitCode = await runCommandLine(process.argv.slice(2));
