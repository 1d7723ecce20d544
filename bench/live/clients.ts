// Run by bench/live.ts in a process of its own: many sockets that count what arrives, and on some of them how late it is. The frames are
// counted by hand: a client library would need more time for them than the server that is measured.
import { randomBytes, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';

interface Order {
  readonly port: number;
  readonly sockets: number;
  /** null: a bare broadcast, without the protocol. */
  readonly token: string | null;
  readonly query: string;
  /** `$FROM` in it is replaced by a different instant for each socket. */
  readonly variables: string;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const AT = '"occurredAt":"';
/** On every twentieth socket the moment of each update is read. */
const SAMPLED = 20;

let received = 0;
let expected = Number.POSITIVE_INFINITY;
let sample = '';
let latencies: number[] = [];

process.on('message', ({ expect }: { expect: number }) => {
  received = 0;
  latencies = [];
  expected = expect;
});

function take(payload: Buffer, sampled: boolean): void {
  received += 1;
  if (sampled) {
    if (sample === '') sample = payload.toString();
    const at = payload.indexOf(AT);
    if (at >= 0) latencies.push(Date.now() - Date.parse(payload.toString('latin1', at + AT.length, at + AT.length + 24)));
  }
  if (received === expected) report();
}

function report(): void {
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0;
  process.send?.({ done: received, sample, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1) });
}

/** A text frame as a client sends it: masked, here with zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]);
  return Buffer.concat([head, payload]);
}

/** Calls `onFrame` for each text frame of the server. */
function readFrames(socket: Socket, onFrame: (payload: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (data.length - at >= 2) {
      const short = (data[at + 1] ?? 0) & 0x7f;
      const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (data.length - at < headLength) break;
      const length = short === 126 ? data.readUInt16BE(at + 2) : short === 127 ? Number(data.readBigUInt64BE(at + 2)) : short;
      if (data.length - at < headLength + length) break;
      if (((data[at] ?? 0) & 0x0f) === 1) onFrame(data.subarray(at + headLength, at + headLength + length));
      at += headLength + length;
    }
    rest = data.subarray(at);
  });
}

async function open(index: number): Promise<void> {
  const socket = connect(order.port, '127.0.0.1');
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${order.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once('data', resolve));
  const sampled = index % SAMPLED === 0;
  if (order.token === null) return readFrames(socket, (payload) => take(payload, sampled));
  socket.write(frame(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${order.token}` } })));
  await new Promise((resolve) => socket.once('data', resolve));
  readFrames(socket, (payload) => take(payload, sampled));
  const from = new Date(Date.UTC(2000, 0, 1) + index).toISOString();
  const variables = JSON.parse(order.variables.replace('$FROM', from)) as object;
  socket.write(frame(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload: { query: order.query, variables } })));
}

for (let from = 0; from < order.sockets; from += 50) {
  await Promise.all(Array.from({ length: Math.min(50, order.sockets - from) }, (_, i) => open(from + i)));
}
process.send?.({ ready: true });
