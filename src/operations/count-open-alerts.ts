import type { AlertKind } from '../domain/vocabulary.ts';
import { countOpenAlerts as count } from '../store/alerts.ts';
import type { Instance } from './instance.ts';

/** How many alerts of each kind nobody has acknowledged; a kind that is not there has none. For the figures that operators watch. */
export function countOpenAlerts({ database }: Instance): Promise<ReadonlyMap<AlertKind, number>> {
  return count(database);
}
