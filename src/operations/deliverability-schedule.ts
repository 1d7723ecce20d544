import type { Settings } from '../domain/settings/settings.ts';
import { type DailySchedule, isDue } from './daily-schedule.ts';
import type { Instance } from './instance.ts';
import {
  DELIVERABILITY_JOB,
  type DeliverabilityReport,
  SCHEDULED_DELIVERABILITY,
  updateDeliverabilityRules,
} from './update-deliverability-rules.ts';

export function deliverabilitySchedule({ deliverabilityTime, timeZone }: Settings): DailySchedule {
  return { time: deliverabilityTime, timeZone };
}

/**
 * Runs the deliverability update if its time has come since the last one that came to an end. Call a few times a minute, on any number of
 * nodes; a night that was missed is made up for.
 *
 * @returns the report; null where it was not due
 */
export async function runDueDeliverability(instance: Instance): Promise<DeliverabilityReport | null> {
  if (!(await isDue(instance, DELIVERABILITY_JOB, deliverabilitySchedule(await instance.settings())))) return null;
  return updateDeliverabilityRules(instance, SCHEDULED_DELIVERABILITY);
}
