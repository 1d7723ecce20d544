import { Agent, request } from 'node:http';
import { pino } from 'pino';
import { openApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { schema } from '../src/graphql/schema.ts';
import type { Scratch } from './scratch-database.ts';

const SECRET = 'lzt_bench_bench_bench_bench_bench';

export interface BenchApp {
  /** One GraphQL operation over HTTP, on a connection that stays open; the raw body of the answer. */
  ask(query: string, variables?: object): Promise<string>;
  close(): Promise<void>;
}

/** The whole service on the scratch database, without jobs and limits. */
export async function openBenchApp({ database }: Scratch): Promise<BenchApp> {
  const config = { ...readConfig({ LAZARET_RATE_LIMIT: '0', LAZARET_ADMIN_TOKEN: SECRET }), port: 0 };
  const app = await openApp(config, {
    schema,
    jobs: [],
    log: pino({ level: 'silent' }),
    database: { database, directory: null, close: async () => undefined },
  });
  const send = openPoster(new URL('/graphql', app.url));
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${SECRET}` };
  return {
    ask: async (query, variables = {}) => {
      const answer = await send(JSON.stringify({ query, variables }), headers);
      if (answer.includes('"errors"')) throw new Error(answer.slice(0, 1000));
      return answer;
    },
    close: () => app.close(),
  };
}

/** Posts over one connection that stays open. The client costs the same for every server that is compared. */
export function openPoster(url: URL): (body: string, headers: Record<string, string>) => Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (body, headers) =>
    new Promise((resolve, reject) => {
      const sent = request(
        url,
        { agent, method: 'POST', headers: { ...headers, 'Content-Length': Buffer.byteLength(body) } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks).toString()));
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
}
