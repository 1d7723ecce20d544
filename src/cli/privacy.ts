import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { PRIVACY_REGULATIONS, type PrivacyNamespace, type PrivacyRegulation, type PrivacyRequestType } from '../domain/vocabulary.ts';
import { backgroundWorkEnded } from '../operations/background-work.ts';
import { confirmErasure } from '../operations/confirm-erasure.ts';
import { createPrivacyRequest } from '../operations/create-privacy-request.ts';
import type { PrivacySubjectInput } from '../operations/find-privacy-subject.ts';
import type { Instance } from '../operations/instance.ts';
import { previewErasure } from '../operations/preview-erasure.ts';
import { openAccessFile } from '../operations/read-access-file.ts';
import { privacyName } from '../operations/run-privacy-request.ts';
import { readPrivacyRequest } from '../store/privacy-requests.ts';
import { CommandError, EXIT } from './command-error.ts';
import { atWorkplace, COMMAND_LINE, type Workplace } from './open-command.ts';
import type { RunningServer } from './running-server.ts';

export interface PrivacySubjectOptions {
  readonly email?: string;
  readonly phone?: string;
  readonly profile?: string;
  readonly externalId?: string;
  readonly regulation: string;
}

export interface AccessOptions extends PrivacySubjectOptions {
  /** File to write; absent = standard output. */
  readonly out?: string;
}

export interface EraseOptions extends PrivacySubjectOptions {
  readonly dryRun?: boolean;
  /** In one step, without `lazaret privacy confirm`. */
  readonly now?: boolean;
  readonly shared?: boolean;
}

const POLL_MS = 200;

/** `lazaret privacy access`: writes the file with everything that is kept about a person. */
export async function runPrivacyAccess(options: AccessOptions): Promise<number> {
  const subject = subjectOf(options);
  const regulation = regulationOf(options);
  await atWorkplace(async (place) => {
    const id = await create(place, { regulation, type: 'ACCESS', subject, singleStep: false, eraseShared: false });
    await ended(place, id);
    await save(place, id, options.out);
  });
  return EXIT.done;
}

/** `lazaret privacy erase`: asks for an erasure, tries it, or does it at once. */
export async function runPrivacyErase(options: EraseOptions): Promise<number> {
  const subject = subjectOf(options);
  const regulation = regulationOf(options);
  const eraseShared = options.shared === true;
  await atWorkplace(async (place) => {
    if (options.dryRun) return say(previewLines(await preview(place, subject, eraseShared)));
    const id = await create(place, { regulation, type: 'DELETE', subject, singleStep: options.now === true, eraseShared });
    if (options.now) return say(await outcome(place, id));
    say([`request ${id} waits for its confirmation; nothing is erased yet: lazaret privacy confirm ${id}`]);
  });
  return EXIT.done;
}

/** `lazaret privacy confirm`: the second step of an erasure. */
export async function runPrivacyConfirm(text: string): Promise<number> {
  if (!/^[1-9]\d{0,17}$/.test(text)) throw new CommandError(EXIT.usage, `${JSON.stringify(text)} is no number of a request`);
  const id = BigInt(text);
  await atWorkplace(async (place) => {
    if (place.kind === 'server') {
      const query = 'mutation ($id: ID!) { result: confirmErasure(id: $id) { ... on Error { message } } }';
      refuse((await place.server.graphql<{ result: Refusal }>(query, { id: globalId('PrivacyRequest', id) })).result);
    } else await confirmErasure(place.instance, id, COMMAND_LINE);
    say(await outcome(place, id));
  });
  return EXIT.done;
}

function subjectOf({ email, phone, profile, externalId }: PrivacySubjectOptions): PrivacySubjectInput {
  const given = [email, phone, profile, externalId].filter((value) => value !== undefined);
  if (given.length !== 1) throw new CommandError(EXIT.usage, 'name the person by one of --email, --phone, --profile and --external-id');
  if (profile !== undefined && !/^[1-9]\d{0,17}$/.test(profile))
    throw new CommandError(EXIT.usage, '--profile takes the number of a profile');
  const namespace: PrivacyNamespace | null = email !== undefined ? 'EMAIL' : phone !== undefined ? 'PHONE' : null;
  return {
    namespace,
    value: email ?? phone ?? null,
    profileId: profile === undefined ? null : BigInt(profile),
    externalId: externalId ?? null,
  };
}

function regulationOf({ regulation }: PrivacySubjectOptions): PrivacyRegulation {
  const found = PRIVACY_REGULATIONS.find((name) => name === regulation.toUpperCase());
  if (!found) throw new CommandError(EXIT.usage, `--regulation takes one of ${PRIVACY_REGULATIONS.join(', ')}`);
  return found;
}

interface NewRequest {
  readonly regulation: PrivacyRegulation;
  readonly type: PrivacyRequestType;
  readonly subject: PrivacySubjectInput;
  readonly singleStep: boolean;
  readonly eraseShared: boolean;
}

interface Refusal {
  readonly message?: string;
}

function refuse({ message }: Refusal): void {
  if (message !== undefined) throw new CommandError(EXIT.refused, message);
}

async function create(place: Workplace, request: NewRequest): Promise<bigint> {
  if (place.kind === 'instance') return createPrivacyRequest(place.instance, request, COMMAND_LINE);
  const query = `mutation ($input: CreatePrivacyRequestInput!) {
    result: createPrivacyRequest(input: $input) { ... on PrivacyRequest { id } ... on Error { message } } }`;
  const { result } = await place.server.graphql<{ result: Refusal & { id?: string } }>(query, {
    input: { ...request, subject: asked(request.subject) },
  });
  refuse(result);
  return localId(result.id ?? '');
}

/** The subject as the API takes it. */
const asked = ({ profileId, ...subject }: PrivacySubjectInput) => ({
  ...subject,
  profileId: profileId == null ? null : globalId('Profile', profileId),
});

const globalId = (type: string, id: bigint): string => Buffer.from(`${type}:${id}`).toString('base64url');
const localId = (id: string): bigint => BigInt(Buffer.from(id, 'base64url').toString().split(':')[1] ?? '0');

interface Count {
  readonly table: string;
  readonly rows: number;
}

interface Shared {
  readonly channel: string;
  readonly address: string;
  readonly holders: number;
  readonly kept: boolean;
}

interface State {
  readonly status: string;
  readonly error: string | null;
  readonly counts: readonly Count[];
  readonly sharedAddresses: readonly Shared[];
}

const countsOf = (counts: Readonly<Record<string, number>>): Count[] => Object.entries(counts).map(([table, rows]) => ({ table, rows }));

async function stateOf(place: Workplace, id: bigint): Promise<State> {
  if (place.kind === 'instance') return stateFrom(place.instance, id);
  const query = `query ($id: ID!) { node(id: $id) { ... on PrivacyRequest {
    status error counts { table rows } sharedAddresses { channel address holders kept } } } }`;
  const { node } = await place.server.graphql<{ node: State }>(query, { id: globalId('PrivacyRequest', id) });
  return node;
}

async function stateFrom(instance: Instance, id: bigint): Promise<State> {
  const request = await readPrivacyRequest(instance.database, id);
  if (!request) throw new CommandError(EXIT.refused, `there is no request ${id}`);
  const { status, report } = request;
  return { status, error: null, counts: countsOf(report.counts ?? {}), sharedAddresses: report.shared ?? [] };
}

/** Waits until the work at the request has come to an end. */
async function ended(place: Workplace, id: bigint): Promise<State> {
  for (;;) {
    if (place.kind === 'instance') await backgroundWorkEnded(place.instance, privacyName(id));
    const state = await stateOf(place, id);
    if (state.status === 'COMPLETE') return state;
    if (state.status === 'ERROR' || place.kind === 'instance') {
      throw new CommandError(EXIT.refused, state.error ?? `the request ${id} is ${state.status}; the server takes it up again`);
    }
    await pause(POLL_MS);
  }
}

async function outcome(place: Workplace, id: bigint): Promise<string[]> {
  const { counts, sharedAddresses } = await ended(place, id);
  return [`request ${id}: erased`, ...countLines(counts), ...sharedLines(sharedAddresses)];
}

async function preview(place: Workplace, subject: PrivacySubjectInput, eraseShared: boolean) {
  if (place.kind === 'instance') {
    const found = await previewErasure(place.instance, subject, eraseShared);
    return { addresses: found.addresses, counts: countsOf(found.counts), sharedAddresses: found.shared };
  }
  const query = `query ($subject: PrivacySubjectInput!, $eraseShared: Boolean!) { preview: privacyPreview(subject: $subject, eraseShared: $eraseShared) {
    addresses counts { table rows } sharedAddresses { channel address holders kept } } }`;
  type Answer = { preview: { addresses: number; counts: Count[]; sharedAddresses: Shared[] } };
  return (await place.server.graphql<Answer>(query, { subject: asked(subject), eraseShared })).preview;
}

const previewLines = ({ addresses, counts, sharedAddresses }: Awaited<ReturnType<typeof preview>>): string[] => [
  `would erase ${addresses} addresses everywhere and shut them; nothing was changed`,
  ...countLines(counts),
  ...sharedLines(sharedAddresses),
];

const countLines = (counts: readonly Count[]): string[] => counts.map(({ table, rows }) => `${table}\t${rows}`);

const sharedLines = (shared: readonly Shared[]): string[] =>
  shared.map(
    ({ channel, address, holders, kept }) =>
      `${channel} ${address} is held by ${holders} other profiles too: ${kept ? 'it stays with them (--shared erases it everywhere)' : 'erased everywhere'}`,
  );

function say(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function save(place: Workplace, id: bigint, out: string | undefined): Promise<void> {
  const target = out === undefined ? process.stdout : createWriteStream(out, { mode: 0o600 });
  for await (const piece of place.kind === 'server' ? through(place.server, id) : piecesOf(place.instance, id)) {
    if (!target.write(piece)) await once(target, 'drain');
  }
  if (target !== process.stdout) {
    target.end();
    await finished(target);
  }
}

async function* piecesOf(instance: Instance, id: bigint): AsyncGenerator<Uint8Array> {
  const file = await openAccessFile(instance, id, COMMAND_LINE);
  if (file === null) throw new CommandError(EXIT.refused, `the file of request ${id} is gone`);
  yield* file.pieces();
}

async function* through(server: RunningServer, id: bigint): AsyncGenerator<Uint8Array> {
  const response = await server.fetch(`/privacy-requests/${globalId('PrivacyRequest', id)}/file`);
  if (!response.ok || response.body === null) throw new CommandError(EXIT.refused, `the server gave no file: status ${response.status}`);
  yield* response.body as unknown as AsyncIterable<Uint8Array>;
}
