import { once } from 'node:events';
import { parseGlobalId } from '../graphql/global-id.ts';
import type { Instance } from '../operations/instance.ts';
import { openAccessFile } from '../operations/read-access-file.ts';
import type { Route } from './exchange.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';

/** Who reads nothing for this long is gone. */
const IDLE_MS = 60_000;

/** GET /privacy-requests/<id>/file: the file of an access request, for administrators. Streamed: it may be larger than the memory. */
export function privacyFileRoute(instance: Instance, gate: Gate): Route {
  return {
    methods: ['GET'],
    path: '/privacy-requests/:id/file',
    handle: async (exchange) => {
      const bearer = await gate.admit(exchange, 'admin');
      const { request, response, path } = exchange;
      const id = parseGlobalId(path.split('/')[2] ?? '');
      const file =
        id?.type === 'PrivacyRequest' ? await openAccessFile(instance, id.id, { name: bearer.name, tokenId: bearer.tokenId }) : null;
      if (file === null)
        throw new HttpError(
          404,
          'NOT_FOUND',
          'There is no file of this request: it is not complete yet, was deleted, or is none for access.',
        );
      response.writeHead(200, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': String(file.bytes),
        'Content-Disposition': `attachment; filename="privacy-request-${file.id}.json"`,
      });
      if (request.method === 'HEAD') return void response.end();
      const cut = () => void request.socket.destroy();
      request.socket.setTimeout(IDLE_MS, cut);
      try {
        for await (const piece of file.pieces()) {
          if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
          if (response.destroyed) return;
        }
      } finally {
        // With its listener: the next request on this connection brings its own.
        request.socket.setTimeout(0, cut);
      }
      response.end();
    },
  };
}
