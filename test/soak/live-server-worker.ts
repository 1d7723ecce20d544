import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const main = join(import.meta.dirname, '../../src/main.ts');
export const TOKEN = 'lzt_soaksoaksoaksoaksoaksoak';

/** A node of the service in a process of its own, to be killed. */
export interface LiveNode {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resident memory in bytes. */
  memory(): Promise<number>;
  kill(): Promise<void>;
}

export async function startNode(databaseUrl: string, port: number): Promise<LiveNode> {
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    LAZARET_ADMIN_TOKEN: TOKEN,
    LAZARET_RATE_LIMIT: '0',
    LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if ((await fetch(`${url}/healthz`).catch(() => null))?.ok) {
      return {
        url,
        child,
        memory: async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024,
        kill: async () => {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await ended;
        },
      };
    }
    await pause(200);
  }
  throw new Error('the node did not start');
}
