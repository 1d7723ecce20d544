import WebSocket from 'ws';

export interface SocketMessage {
  readonly id?: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: read by the test that knows its shape
  readonly payload?: any;
}

/** A client of graphql-transport-ws that keeps every message from the first on, so that none is missed. */
export interface SocketClient {
  send(message: object | string | Buffer): void;
  next(): Promise<SocketMessage>;
  /** Sends connection_init with the token and awaits what follows. */
  init(token: string | null): Promise<SocketMessage>;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

export function openSocket(url: string, headers: Record<string, string> = {}): Promise<SocketClient> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
  const queue: SocketMessage[] = [];
  const waiting: ((message: SocketMessage) => void)[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as SocketMessage;
    const take = waiting.shift();
    if (take) take(message);
    else queue.push(message);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  const next = () => {
    const message = queue.shift();
    return message ? Promise.resolve(message) : new Promise<SocketMessage>((resolve) => waiting.push(resolve));
  };
  const send: SocketClient['send'] = (message) =>
    socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  const client: SocketClient = {
    send,
    next,
    closed,
    init: (token) => {
      send({ type: 'connection_init', payload: token === null ? {} : { authorization: `Bearer ${token}` } });
      return next();
    },
    close: async () => {
      socket.close();
      await closed;
    },
  };
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(client));
    socket.on('error', reject);
  });
}
