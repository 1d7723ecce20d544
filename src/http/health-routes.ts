import { checkReady } from '../operations/check-ready.ts';
import type { Instance } from '../operations/instance.ts';
import { type Route, sendJson } from './exchange.ts';

/** /healthz: the process answers. /readyz: it can work; 503 also while it ends, so that a balancer looks elsewhere. */
export function healthRoutes(instance: Instance, isEnding: () => boolean): Route[] {
  return [
    { methods: ['GET'], path: '/healthz', handle: ({ response }) => sendJson(response, 200, { status: 'ok' }) },
    {
      methods: ['GET'],
      path: '/readyz',
      handle: async ({ response }) => {
        const readiness = isEnding() ? { ready: false, reason: 'the server is ending' } : await checkReady(instance);
        sendJson(response, readiness.ready ? 200 : 503, readiness);
      },
    },
  ];
}
