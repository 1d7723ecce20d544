import type { JobState } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from './database.ts';

/** What one task of a job did. */
export interface TaskReport {
  readonly name: string;
  readonly rows: number;
  readonly durationMs: number;
  /** null = it was done. */
  readonly error: string | null;
}

export interface JobRun {
  readonly id: bigint;
  readonly state: JobState;
  readonly tasks: readonly TaskReport[];
  readonly startedAt: Date;
}

/** Whoever begins a run has the job's lease: a run that still says RUNNING was broken off. */
export async function beginJobRun(tx: Queryable, job: string, at: Date): Promise<bigint> {
  await tx.execute(sql`UPDATE job_run SET state = 'FAILED', finished_at = ${at}::timestamptz WHERE job = ${job} AND state = 'RUNNING'`);
  const [row] = await tx.query<{ id: bigint }>(sql`INSERT INTO job_run (job, started_at) VALUES (${job}, ${at}::timestamptz) RETURNING id`);
  if (!row) throw new Error('the run of the job was written but has no id');
  return row.id;
}

export async function reportJobRun(database: Queryable, id: bigint, tasks: readonly TaskReport[]): Promise<void> {
  await database.execute(sql`UPDATE job_run SET tasks = ${rows(tasks)}::jsonb WHERE id = ${id}`);
}

export async function endJobRun(database: Queryable, id: bigint, state: 'DONE' | 'FAILED', at: Date): Promise<void> {
  await database.execute(sql`UPDATE job_run SET state = ${state}::"JobState", finished_at = ${at}::timestamptz WHERE id = ${id}`);
}

/** The newest run of a job, of any state or only of those that came to an end. */
export async function lastJobRun(database: Queryable, job: string, options: { ended: boolean }): Promise<JobRun | null> {
  const [row] = await database.query<JobRun>(sql`
    SELECT id, state, tasks, started_at AS "startedAt" FROM job_run
    WHERE job = ${job} AND (state <> 'RUNNING' OR NOT ${options.ended}::boolean) ORDER BY id DESC LIMIT 1`);
  return row ?? null;
}
