import type { Instance } from './instance.ts';

interface UnderWay {
  readonly works: Map<string, Promise<void>>;
  readonly ending: AbortController;
}

const underWay = new WeakMap<Instance, UnderWay>();

/**
 * Lets work go on in this process after its request was answered. Only for work that is kept in the database and taken up again after a crash: a
 * fault in it is logged here and handled there.
 *
 * @param name one work of a name at a time; while it runs, another start of it does nothing
 * @param work ends itself between two slices when the signal says so
 */
export function startBackgroundWork(instance: Instance, name: string, work: (signal: AbortSignal) => Promise<void>): void {
  const { works, ending } = stateOf(instance);
  if (works.has(name) || ending.signal.aborted) return;
  const running = work(ending.signal)
    .catch((error: unknown) => instance.log.error({ err: error, work: name }, 'background work failed'))
    .finally(() => works.delete(name));
  works.set(name, running);
}

/** Waits until the work of that name, where it runs in this process, has ended. */
export async function backgroundWorkEnded(instance: Instance, name: string): Promise<void> {
  await stateOf(instance).works.get(name);
}

/** Before the database closes: no more work is started, and what runs stops after its current slice. The next start takes it up again. */
export async function endBackgroundWork(instance: Instance): Promise<void> {
  const { works, ending } = stateOf(instance);
  ending.abort();
  await Promise.all(works.values());
}

function stateOf(instance: Instance): UnderWay {
  const known = underWay.get(instance);
  if (known) return known;
  const fresh: UnderWay = { works: new Map(), ending: new AbortController() };
  underWay.set(instance, fresh);
  return fresh;
}
