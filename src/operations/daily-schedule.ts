import { Cron } from 'croner';
import { DAY_MS } from '../domain/settings/settings.ts';
import { type Queryable, sql } from '../store/database.ts';
import { lastJobRun } from '../store/job-runs.ts';
import type { Instance } from './instance.ts';

export interface DailySchedule {
  /** `04:00` */
  readonly time: string;
  /** Of the IANA list: in a night in which the clocks are changed it still runs once. */
  readonly timeZone: string;
}

export function describeSchedule({ time, timeZone }: DailySchedule): string {
  return `daily at ${time} (${timeZone})`;
}

/** The first run of the schedule after that instant. */
export function nextDailyRun({ time, timeZone }: DailySchedule, after: Date): Date {
  const [hour, minute] = time.split(':').map(Number);
  const next = new Cron(`${minute} ${hour} * * *`, { timezone: timeZone, paused: true }).nextRun(after);
  if (next === null) throw new Error(`the schedule ${time} ${timeZone} has no next run`);
  return next;
}

/** For many instants: the first run at or after each that is still to come. Each run is worked out once or a few times. */
export function firstRunsFrom(schedule: DailySchedule, now: Date): (instant: Date) => Date {
  const known = new Map<number, { from: number; run: Date }[]>();
  return (instant) => {
    const after = Math.max(instant.getTime() - 1, now.getTime());
    const day = Math.floor(after / DAY_MS);
    const spans = known.get(day) ?? [];
    const span = spans.find(({ from, run }) => from <= after && after < run.getTime());
    if (span) return span.run;
    const run = nextDailyRun(schedule, new Date(after));
    known.set(day, [...spans, { from: after, run }]);
    return run;
  };
}

/** Has the job's time come since its last run that came to an end? A night that was missed is still due. */
export async function isDue(instance: Instance, job: string, schedule: DailySchedule): Promise<boolean> {
  const last = await lastJobRun(instance.database, job, { ended: true });
  const since = last?.startedAt ?? (await bornAt(instance.database));
  return nextDailyRun(schedule, since) <= instance.now();
}

/** Before its first run a job is due from the instance's first night on. */
async function bornAt(database: Queryable): Promise<Date> {
  const [row] = await database.query<{ at: Date | null }>(sql`SELECT min(updated_at) AS at FROM setting WHERE key LIKE 'instance.%'`);
  return row?.at ?? new Date(0);
}
