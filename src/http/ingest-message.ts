import { encodeGlobalId } from '../graphql/global-id.ts';
import { apiDoor } from '../operations/api-door.ts';
import { ingestMessage } from '../operations/ingest-message.ts';
import type { Instance } from '../operations/instance.ts';
import { type Route, sendJson } from './exchange.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';
import { readBody, requireContentType } from './read-body.ts';

const MESSAGE_MAX = 32 * 1024 * 1024;
const PATIENCE_MS = 300_000;

/** POST /ingest/message: one raw bounce or complaint. Answers once it is stored durably. */
export function ingestMessageRoute(instance: Instance, gate: Gate): Route {
  return {
    methods: ['POST'],
    path: '/ingest/message',
    handle: async (exchange) => {
      const bearer = await gate.admit(exchange, 'ingest:write');
      requireContentType(exchange.request, 'message/rfc822');
      const raw = await readBody(exchange.request, MESSAGE_MAX, PATIENCE_MS);
      await gate.readmit(exchange);
      if (raw.length === 0) throw new HttpError(400, 'BAD_USER_INPUT', 'The message is empty.');
      const message = await ingestMessage(instance, raw, apiDoor(bearer));
      const recipients = message.recipients.map(({ deliveryLogId, ...recipient }) => ({
        ...recipient,
        deliveryLog: deliveryLogId === null ? null : { id: encodeGlobalId('DeliveryLog', deliveryLogId) },
      }));
      sendJson(exchange.response, 200, { ...message, recipients });
    },
  };
}
