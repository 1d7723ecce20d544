import type { ReleaseMode } from '../domain/vocabulary.ts';
import { tellIncidents } from '../store/incidents.ts';
import type { Actor, Instance } from './instance.ts';
import { beginRelease } from './release-quarantine.ts';
import type { ReleaseOptions } from './run-release.ts';

export interface ReleaseIncidentInput {
  readonly id: bigint;
  readonly mode: ReleaseMode;
  /** Count and sample, change nothing. */
  readonly dryRun: boolean;
}

/**
 * Releases every address that an incident hit, open or closed (issue 5.4): those that it quarantined before it was noticed, those whose quarantine it
 * holds back, and those that were quarantined when it was closed. Entries that have moved on since are left alone. Everything else is as with
 * `releaseQuarantine`: slices, progress, undo, and never an address that its recipient has shut.
 *
 * @returns the release's id
 * @throws NotFoundError
 */
export function releaseIncident(
  instance: Instance,
  { id, mode, dryRun }: ReleaseIncidentInput,
  actor: Actor,
  options: ReleaseOptions = {},
): Promise<bigint> {
  const order = {
    filter: {},
    incidentId: id,
    mode,
    dryRun,
    expected: null,
    onBegin: (tx: Parameters<typeof tellIncidents>[0], at: Date) => tellIncidents(tx, [id], 'RELEASED', actor.name, at),
  };
  return beginRelease(instance, order, actor, options).finally(() => instance.database.hints.notify('INCIDENT'));
}
