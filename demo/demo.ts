/**
 * The main job on real input, in a scratch database: imports profiles, takes in the failure messages that ship with the project, prepares a
 * delivery, and prints who was left out and why. Then serves the API until it is told to end; with `-- --exit` it ends there.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pino } from 'pino';
import { openApp } from '../src/app.ts';
import { explainError } from '../src/cli/explain-error.ts';
import { importPath } from '../src/cli/import.ts';
import { ingestFiles, ingestSummary } from '../src/cli/ingest.ts';
import { listFiles } from '../src/cli/input-files.ts';
import { type Config, readConfig } from '../src/config.ts';
import { backgroundWorkEnded, endBackgroundWork } from '../src/operations/background-work.ts';
import { createDelivery } from '../src/operations/create-delivery.ts';
import { deliveryCounters } from '../src/operations/delivery-counters.ts';
import type { Actor, Instance } from '../src/operations/instance.ts';
import { mayContact } from '../src/operations/may-contact.ts';
import { openInstance } from '../src/operations/open-instance.ts';
import { prepareDelivery } from '../src/operations/prepare-delivery.ts';
import { preparationName } from '../src/operations/run-preparation.ts';
import { migrate } from '../src/store/migrate.ts';
import { type OpenDatabase, openDatabase } from '../src/store/open-database.ts';
import { csvLine, fixtureAddresses, PROFILE_COLUMNS, profileRows } from './make-profiles.ts';

const PROFILES = 10_000;
const SEED = 20_260_512;
const MESSAGES = join(import.meta.dirname, '../fixtures/messages');
const ACTOR: Actor = { name: 'demo', tokenId: null };

const say = (text = ''): void => void process.stdout.write(`${text}\n`);
const title = (text: string): void => say(`\n${text}\n${'-'.repeat(text.length)}`);

const seconds = (started: number): string => `${((performance.now() - started) / 1_000).toFixed(1)} s`;

async function runDemo(folder: string, exit: boolean): Promise<void> {
  const config = readConfig({ PORT: process.env.PORT, LOG_LEVEL: 'error', LAZARET_DATA_DIR: join(folder, 'data') });
  say(`A new embedded database in ${folder}`);
  const open = await openDatabase(config);
  try {
    await migrate(open.database);
    const instance = await openInstance({ database: open.database, addressCase: 'canonical', log: pino({ level: 'silent' }) });
    await importProfiles(instance, join(folder, 'profiles.csv'));
    await ingestMessages(instance);
    await showQuarantine(instance);
    await prepare(instance);
    await endBackgroundWork(instance);
    if (!exit) await serve(config, open);
  } finally {
    await open.close();
  }
}

async function importProfiles(instance: Instance, file: string): Promise<void> {
  title(`1. Import ${PROFILES.toLocaleString('en')} profiles`);
  const csv = createWriteStream(file);
  csv.write(`${PROFILE_COLUMNS.join(',')}\n`);
  for (const row of profileRows({ count: PROFILES, seed: SEED, include: fixtureAddresses() })) csv.write(`${csvLine(row)}\n`);
  await new Promise<void>((resolve, reject) => csv.on('error', reject).end(resolve));
  const started = performance.now();
  const { counts, rejected, rejectedPath } = await importPath({ kind: 'instance', instance }, file, { as: 'profiles' });
  say(`${counts.WRITTEN ?? 0} imported in ${seconds(started)}, ${rejected} rows rejected:`);
  const reasons = (await readFile(rejectedPath, 'utf8')).trimEnd().split('\n').slice(1);
  for (const line of reasons.slice(0, 4)) say(`  line ${line.replace(',', ': ').replace(/,(".*)$/, '   $1')}`);
  if (reasons.length > 4) say(`  and ${reasons.length - 4} more`);
}

async function ingestMessages(instance: Instance): Promise<void> {
  const files = await listFiles([MESSAGES]);
  title(`2. Take in ${files.length} failure messages from ${relative(process.cwd(), MESSAGES)}`);
  const started = performance.now();
  const tally = await ingestFiles({ kind: 'instance', instance }, files);
  say(`${ingestSummary(tally)}\ntaken in in ${seconds(started)}`);
}

async function showQuarantine({ database }: Instance): Promise<void> {
  title('3. The quarantine list, with its evidence');
  const statuses = ['DENYLISTED', 'QUARANTINE', 'ERRONEOUS'] as const;
  for (const status of statuses) {
    const entries = await database.prisma.quarantineEntry.findMany({ where: { status }, orderBy: { id: 'asc' }, take: 3 });
    for (const { address, addressKey, reason, errorCount, errorText } of entries) {
      const line = await database.prisma.quarantineEvent.findFirst({ where: { addressKey }, orderBy: { id: 'desc' } });
      say(`${status.padEnd(11)} ${address}  ${reason ?? ''}${errorCount > 0 ? `, errors: ${errorCount}` : ''}`);
      say(`            said:       ${oneLine(errorText ?? '-')}`);
      say(`            decided by: ${line?.decidedBy ?? 'the complaint itself'}`);
    }
  }
}

async function prepare(instance: Instance): Promise<void> {
  title('4. Prepare a delivery to everybody');
  const started = performance.now();
  const id = await createDelivery(instance, { label: 'Spring news', channel: 'EMAIL' }, ACTOR);
  await prepareDelivery(instance, id, ACTOR);
  await backgroundWorkEnded(instance, preparationName(id));
  const counters = (await deliveryCounters(instance, [id])).get(id);
  if (!counters || counters.targeted === 0) throw new Error('the preparation did not finish');
  say(`${counters.targeted} recipients, ${counters.excluded} left out, ${counters.toDeliver} to deliver to, in ${seconds(started)}\n`);
  const causes = await instance.database.prisma.exclusionCause.findMany({ where: { deliveryId: id }, orderBy: { position: 'asc' } });
  say(`${'WHY'.padEnd(40)} ${'REASON'.padEnd(26)} ${'LEFT OUT'.padStart(8)}`);
  for (const { name, reason, volume } of causes) say(`${name.padEnd(40)} ${reason.padEnd(26)} ${String(volume).padStart(8)}`);
  await showDecision(instance, id);
}

async function showDecision(instance: Instance, deliveryId: bigint): Promise<void> {
  const log = await instance.database.prisma.exclusionLog.findFirst({
    where: { deliveryId, reason: 'QUARANTINED' },
    orderBy: { id: 'asc' },
  });
  const address = log?.address;
  if (!address) throw new Error('no quarantined address was left out');
  title(`5. May ${address} be written to?`);
  const [decision] = await mayContact(instance, [{ channel: 'EMAIL', address }]);
  say(decision?.allowed ? 'Yes.' : 'No.');
  for (const { text, since, until, remedy } of decision?.blocks ?? []) {
    say(`${text} Since ${since?.toISOString() ?? 'ever'}, until ${until?.toISOString() ?? 'a person changes it'}.\n${remedy}`);
  }
}

/** Until the first signal. */
async function serve(config: Config, open: OpenDatabase): Promise<void> {
  title('6. Look around');
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  let token = '';
  const options = {
    database: { ...open, close: async () => undefined },
    onFirstToken: (secret: string) => {
      token = secret;
    },
  };
  const app = await openApp(config, options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' || process.env.PORT) throw error;
    return openApp({ ...config, port: 0 }, options);
  });
  say(`Lazaret listens on ${app.url}\nAdministrator's token: ${token}\nCtrl-C ends the demo and takes its database away.`);
  await ended;
  await app.close();
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

const folder = await mkdtemp(join(tmpdir(), 'lazaret-demo-'));
try {
  await runDemo(folder, process.argv.includes('--exit'));
} catch (error) {
  const { exitCode, text } = explainError(error);
  process.stderr.write(`demo: ${text}\n`);
  process.exitCode = exitCode;
} finally {
  await rm(folder, { recursive: true, force: true });
}
