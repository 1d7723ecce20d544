import { runCommandLine } from './cli/cli.ts';

// Before a command loads graphql, which otherwise checks every value a second time.
process.env.NODE_ENV ??= 'production';

// Set and not called: what is still being written to a pipe is written to its end.
process.exitCode = await runCommandLine(process.argv.slice(2));
