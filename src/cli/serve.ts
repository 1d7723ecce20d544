import { constants } from 'node:os';
import { type App, openApp } from '../app.ts';
import { type Config, readConfig } from '../config.ts';

/**
 * Runs the server until it is told to end.
 *
 * SIGTERM or SIGINT ends what was accepted and leaves the database clean; a second one ends the process at once.
 */
export async function runServe(role?: Config['role']): Promise<void> {
  const config = readConfig({ ...process.env, ...(role ? { LAZARET_ROLE: role } : {}) });
  const ending = endingSignal();
  const app = await openApp(config, {
    onFirstToken: (secret) => {
      if (config.adminToken === undefined) process.stdout.write(`Administrator's token, shown this once: ${secret}\n`);
    },
  });
  endOnFault(app);
  process.stdout.write(`Lazaret listens on ${app.url}\n`);
  await ending;
  await app.close();
}

/** Resolves at the first signal; the second ends the process with the status that shells give it. */
function endingSignal(): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (told) process.exit(128 + constants.signals[signal]);
        told = true;
        resolve();
      });
    }
  });
}

/** What nobody handled leaves the process in a state that nobody knows: it ends, and whoever runs it starts it again. */
function endOnFault({ instance }: App): void {
  const end = (error: unknown) => {
    instance.log.fatal({ err: error }, 'an error that nothing handled; the process ends');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
