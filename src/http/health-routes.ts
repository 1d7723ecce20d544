import type { HorizonMonitor } from '../live/horizon-monitor.ts';
import { checkReady } from '../operations/check-ready.ts';
import type { Instance } from '../operations/instance.ts';
import { type Route, sendJson } from './exchange.ts';

/**
 * /healthz: the process answers. /readyz: it can work; 503 also while it ends, so that a balancer looks elsewhere. A feed that is
 * held back does not make it unready, but is shown with what holds it.
 */
export function healthRoutes(instance: Instance, horizon: HorizonMonitor, isEnding: () => boolean): Route[] {
  return [
    { methods: ['GET'], path: '/healthz', quiet: true, handle: ({ response }) => sendJson(response, 200, { status: 'ok' }) },
    {
      methods: ['GET'],
      path: '/readyz',
      quiet: true,
      handle: async ({ response }) => {
        const readiness = isEnding() ? { ready: false, reason: 'the server is ending' } : await checkReady(instance);
        sendJson(response, readiness.ready ? 200 : 503, { ...readiness, feedHorizon: horizon.state });
      },
    },
  ];
}
