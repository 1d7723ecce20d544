import { type Client, createClient, type FormattedExecutionResult } from 'graphql-ws';
import WebSocket from 'ws';
import { PATIENCE } from './patience.ts';

/** One subscription whose updates a test takes one by one; none is missed, since they queue from the start. */
export interface LiveUpdates {
  /** The next update; fails after some time. */
  // biome-ignore lint/suspicious/noExplicitAny: updates are read by the test that knows their shape
  next(): Promise<any>;
  /** What came and was not taken. */
  readonly waiting: number;
  /** Resolves when the server has ended the subscription. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

interface Arrival {
  readonly result?: FormattedExecutionResult;
  readonly error?: unknown;
}

/** Takes what `start` pushes. A result with errors, and an error of the whole subscription, is thrown by `next`. */
export function queueOf(start: (push: (arrival: Arrival) => void, end: () => void) => () => void | Promise<void>): LiveUpdates {
  const arrived: Arrival[] = [];
  let notify: (() => void) | undefined;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const stop = start((arrival) => {
    arrived.push(arrival);
    notify?.();
  }, end);
  return {
    ended,
    get waiting() {
      return arrived.length;
    },
    next: async () => {
      if (arrived.length === 0) await arrivalOrTimeout((resolve) => (notify = resolve));
      const arrival = arrived.shift();
      if (arrival?.error) throw arrival.error;
      if (arrival?.result?.errors) throw arrival.result.errors;
      return arrival?.result?.data;
    },
    close: async () => {
      await stop();
    },
  };
}

function arrivalOrTimeout(wait: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no update came within ${PATIENCE.timeout} ms`)), PATIENCE.timeout);
    wait(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A client of the socket; `token` null sends none. */
export function socketClient(url: string, token: string | null, options: { onClosed?: (event: unknown) => void } = {}): Client {
  return createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(token === null ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    ...(options.onClosed ? { on: { closed: options.onClosed } } : {}),
  });
}

/** Over WebSocket, on a socket of its own. */
export function subscribeBySocket(url: string, token: string | null, query: string, variables: Record<string, unknown> = {}): LiveUpdates {
  const client = socketClient(url, token);
  return queueOf((push, end) => {
    const stop = client.subscribe(
      { query, variables },
      { next: (result) => push({ result: result as FormattedExecutionResult }), error: (error) => push({ error }), complete: end },
    );
    return async () => {
      stop();
      await client.dispose();
    };
  });
}

/** Over server-sent events. */
export function subscribeByEvents(url: string, token: string | null, query: string, variables: Record<string, unknown> = {}): LiveUpdates {
  const leaving = new AbortController();
  return queueOf((push, end) => {
    const read = async () => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        signal: leaving.signal,
        headers: {
          'Content-Type': 'application/json',
          Accept: 'text/event-stream',
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query, variables }),
      });
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
        const { errors } = (await response.json()) as { errors?: unknown };
        push({ error: errors });
        return;
      }
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += new TextDecoder().decode(chunk as Uint8Array);
        for (let cut = text.indexOf('\n\n'); cut >= 0; cut = text.indexOf('\n\n')) {
          pushEvent(text.slice(0, cut), push);
          text = text.slice(cut + 2);
        }
      }
    };
    read()
      .catch((error: unknown) => {
        if (!leaving.signal.aborted) push({ error });
      })
      .finally(end);
    return () => leaving.abort();
  });
}

function pushEvent(event: string, push: (arrival: Arrival) => void): void {
  const name = /^event: ?(.*)$/m.exec(event)?.[1];
  const data = /^data: ?(.*)$/m.exec(event)?.[1];
  if (name === 'next' && data) push({ result: JSON.parse(data) as FormattedExecutionResult });
}
