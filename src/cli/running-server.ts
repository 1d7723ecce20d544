import { request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { readLock } from '../store/data-directory.ts';
import { CommandError, EXIT } from './command-error.ts';

/** The server's answer to an operation is a refusal. */
export class ServerRefusal extends CommandError {
  /** As in the API's `extensions.code`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(EXIT.refused, message);
    this.code = code;
  }
}

/** The server that holds the embedded database, reached through its HTTP API on this machine. */
export interface RunningServer {
  readonly url: string;
  /** Sends a request as the command line. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a body of any length, and reads the answer while it is still being sent. */
  send(path: string, contentType: string, body: AsyncIterable<Uint8Array>): Promise<StreamedAnswer>;
  /** The data of an operation; its first error ends the command. */
  graphql<T>(query: string, variables?: object): Promise<T>;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Rejects with what kept the body from being sent. */
  readonly sent: Promise<void>;
}

/**
 * The server that runs on this data directory, if one does.
 *
 * @throws CommandError where another process holds the directory that is no server, or one that is not up yet
 */
export async function findRunningServer(dataDir: string): Promise<RunningServer | null> {
  const lock = await readLock(dataDir);
  if (!lock) return null;
  const { url, secret } = lock;
  if (url === undefined || secret === undefined) {
    throw new CommandError(
      EXIT.unreachable,
      `${dataDir} is in use by process ${lock.pid}, which takes no commands now; try again when it has ended`,
    );
  }
  const Authorization = `Bearer ${secret}`;
  const silent = (error: unknown) =>
    new CommandError(EXIT.unreachable, `the server at ${url} holds ${dataDir} but does not answer: ${(error as Error).message}`);
  const fetchPath: RunningServer['fetch'] = (path, init = {}) =>
    fetch(new URL(path, url), { ...init, headers: { ...init.headers, Authorization } }).catch((error: unknown) => {
      throw silent(error);
    });
  return {
    url,
    fetch: fetchPath,
    send: (path, contentType, body) =>
      stream(new URL(path, url), { Authorization, 'Content-Type': contentType }, body).catch((error: unknown) => {
        throw error instanceof CommandError ? error : silent(error);
      }),
    graphql: (query, variables) => ask(fetchPath, query, variables),
  };
}

/** `fetch` answers only when the whole body is sent. */
function stream(url: URL, headers: Record<string, string>, body: AsyncIterable<Uint8Array>): Promise<StreamedAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers });
    const sent = pipeline(body, outgoing);
    // Of no matter once the answer has come: a server that refuses reads no further.
    sent.catch(reject);
    outgoing.once('response', (response) => resolve({ status: response.statusCode ?? 0, body: response, sent }));
  });
}

async function ask<T>(send: RunningServer['fetch'], query: string, variables: object = {}): Promise<T> {
  const body = JSON.stringify({ query, variables });
  const response = await send('/graphql', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
  const { data, errors } = (await response.json()) as { data?: T; errors?: { message: string; extensions?: { code?: string } }[] };
  if (errors?.[0] || data === undefined) {
    throw new ServerRefusal(errors?.[0]?.extensions?.code ?? '', errors?.[0]?.message ?? 'the server gave no answer');
  }
  return data;
}
