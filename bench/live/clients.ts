// Run by bench/live.ts in a process of its own: many sockets that count what arrives, and how late it is.
import WebSocket from 'ws';

interface Order {
  readonly url: string;
  readonly sockets: number;
  /** null: a bare broadcast, without the protocol. */
  readonly token: string | null;
  readonly query: string;
  /** `$FROM` in it is replaced by a different instant for each socket. */
  readonly variables: string;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const AT = '"occurredAt":"';

let received = 0;
let expected = Number.POSITIVE_INFINITY;
let sample = '';
let latencies: number[] = [];

function take(data: Buffer): void {
  received += 1;
  if (sample === '') sample = data.toString();
  const at = data.indexOf(AT);
  if (at >= 0) latencies.push(Date.now() - Date.parse(data.toString('latin1', at + AT.length, at + AT.length + 24)));
  if (received === expected) report();
}

function report(): void {
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0;
  process.send?.({ done: received, sample, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1) });
}

process.on('message', ({ expect }: { expect: number }) => {
  received = 0;
  latencies = [];
  expected = expect;
});

function open(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(order.url, 'graphql-transport-ws', { perMessageDeflate: false });
    socket.on('error', reject);
    if (order.token === null) {
      socket.on('open', () => resolve());
      socket.on('message', take);
      return;
    }
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${order.token}` } })));
    socket.once('message', () => {
      const from = new Date(Date.UTC(2000, 0, 1) + index).toISOString();
      const variables = JSON.parse(order.variables.replace('$FROM', from)) as object;
      socket.send(JSON.stringify({ id: crypto.randomUUID(), type: 'subscribe', payload: { query: order.query, variables } }));
      socket.on('message', take);
      resolve();
    });
  });
}

for (let from = 0; from < order.sockets; from += 50) {
  await Promise.all(Array.from({ length: Math.min(50, order.sockets - from) }, (_, i) => open(from + i)));
}
process.send?.({ ready: true });
