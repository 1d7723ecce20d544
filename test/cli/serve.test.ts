import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/cli.ts';
import { runCommand, startCommand } from '../support/command.ts';

describe('the server on its embedded database', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lazaret-serve-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('serves, lets commands in, keeps others out, ends what it accepted and leaves the database clean', async () => {
    const env = { LAZARET_DATA_DIR: folder, PORT: '0' };
    const lock = join(folder, 'lazaret.lock');
    const server = startCommand(['serve'], env);
    const [, token = ''] = await server.said(/shown this once: (lzt_[\w-]+)\n/);
    const [, url = ''] = await server.said(/listens on (http:\S+)\n/);
    expect(statSync(lock).mode & 0o077).toBe(0);

    // A command does its work through the server; a second server cannot.
    const [created, second] = await Promise.all([
      runCommand(['token', 'create', '--name', 'ingest', '--scopes', 'ingest:write,check:read'], env),
      runCommand(['serve'], env),
    ]);
    expect(created).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringMatching(/^lzt_[\w-]{43}\n$/) });
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toBe(
      `lazaret: ${folder} is in use by process ${server.process.pid}; end it first, or set LAZARET_DATA_DIR to another folder\n`,
    );

    // Half a request is there when the signal comes; all of it is answered.
    const answer = ingestSlowly(url, created.stdout.trim());
    await answer.begun;
    server.process.kill('SIGTERM');
    const door = () =>
      fetch(`${url}/healthz`).then(
        () => 'open',
        () => 'closed',
      );
    await expect.poll(door).toBe('closed');
    answer.finish();
    expect((await answer.results).map(({ accepted }) => accepted)).toEqual(Array(1_500).fill(true));
    expect(await server.exited).toBe(0);
    expect(existsSync(lock)).toBe(false);

    // Without a server a command opens the database itself, and finds what was stored.
    const listed = await runCommand(['token', 'list', '--json'], env);
    const tokens = listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(tokens).toMatchObject([
      { name: 'ingest', scopes: ['check:read', 'ingest:write'], prefix: created.stdout.slice(0, 12) },
      { name: 'administrator', scopes: ['admin'], prefix: token.slice(0, 12), revokedAt: null },
    ]);
    expect((await runCommand(['token', 'revoke', tokens[0].id], env)).exitCode).toBe(0);
    expect((await runCommand(['token', 'revoke', '999999'], env)).exitCode).toBe(1);
  });
});

function ingestSlowly(url: string, token: string) {
  const lines = Array.from({ length: 1_500 }, (_, index) =>
    JSON.stringify({
      channel: 'EMAIL',
      address: `slow-${index}@example.net`,
      outcome: 'FAILED',
      text: '550 5.1.1 user unknown',
      occurredAt: new Date().toISOString(),
    }),
  );
  const sender = request(new URL('/ingest/events', url), {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson' },
  });
  sender.write(`${lines.slice(0, 1_000).join('\n')}\n`);
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const results = new Promise<{ accepted: boolean }[]>((resolve, reject) => {
    sender.on('error', reject);
    sender.on('response', (response) => {
      let text = '';
      response.on('data', (data) => {
        text += data;
        begin();
      });
      response.on('end', () =>
        resolve(
          text
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
        ),
      );
      response.on('error', reject);
    });
  });
  return { begun, results, finish: () => sender.end(lines.slice(1_000).join('\n')) };
}

describe('the command line', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  const COMMANDS: [args: string[], env: Record<string, string>, exitCode: number, stderr: RegExp][] = [
    [['serve'], { PORT: 'http' }, 2, /^lazaret: PORT takes a port number from 0 to 65535\n$/],
    [['serve'], { LAZARET_ROLE: 'worker' }, 2, /^lazaret: LAZARET_ROLE=worker needs DATABASE_URL.*\n$/],
    [['worker'], {}, 2, /^lazaret: LAZARET_ROLE=worker needs DATABASE_URL.*\n$/],
    [
      ['migrate'],
      { DATABASE_URL: 'postgresql://u:secret@127.0.0.1:9/d' },
      3,
      /^lazaret: the database of DATABASE_URL cannot be reached: (?!.*secret).*\n$/,
    ],
    [['token', 'create', '--name', 'x'], {}, 2, /--scopes/],
    [['token', 'revoke', 'abc'], { DATABASE_URL: 'postgresql://u@127.0.0.1:9/d' }, 3, /cannot be reached/],
    [['nonsense'], {}, 2, /unknown command 'nonsense'/],
    [['serve', '--nonsense'], {}, 2, /unknown option '--nonsense'/],
  ];

  test.each(COMMANDS)('lazaret %j with %j ends with %i', async (args, env, exitCode, stderr) => {
    let written = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written += text;
      return true;
    });
    vi.stubEnv('DATABASE_URL', '');
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(await runCommandLine(args)).toBe(exitCode);
    expect(written).toMatch(stderr);
  });
});
