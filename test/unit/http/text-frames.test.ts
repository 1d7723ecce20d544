import { once } from 'node:events';
import { expect, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { textFrames } from '../../../src/http/text-frames.ts';

test('a WebSocket client reads frames of every length as whole text messages, in order', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const bodies = [0, 1, 100, 123, 124, 125, 126, 127, 65_000, 65_533, 65_534, 65_535, 65_536, 200_000].map((length) =>
    'é'.repeat(length / 2),
  );
  server.on('connection', (_socket, request) =>
    request.socket.write(
      textFrames(
        Buffer.from('<'),
        bodies.map((body) => Buffer.from(body)),
        Buffer.from('>'),
      ),
    ),
  );
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    client.on('message', (data, isBinary) => {
      expect(isBinary).toBe(false);
      seen.push(String(data));
      if (seen.length === bodies.length) resolve();
    });
  });
  expect(seen).toEqual(bodies.map((body) => `<${body}>`));
  client.terminate();
  server.close();
});
