// Run by bench/live.ts in a process of its own: the same bytes to every socket, by ws alone.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
await once(server, 'listening');
process.send?.({ port: (server.address() as { port: number }).port });

process.on('message', async ({ text, messages }: { text: string; messages: number }) => {
  for (let i = 0; i < messages; i += 1) {
    for (const socket of server.clients) socket.send(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
});
