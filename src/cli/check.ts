import { InvalidInputError } from '../domain/errors.ts';
import { CHANNELS, type Channel } from '../domain/vocabulary.ts';
import { mayContact } from '../operations/may-contact.ts';
import { readTextLines } from '../operations/text-lines.ts';
import { CommandError, EXIT } from './command-error.ts';
import { atWorkplace, type Workplace } from './open-command.ts';
import { Output } from './output.ts';
import { ServerRefusal } from './running-server.ts';

const BATCH = 1_000;
const LINE_MAX_BYTES = 64 * 1024;

/** What is said of one address; the API and the operation give it alike. */
interface Decision {
  readonly allowed: boolean;
  readonly blocks: readonly { readonly reason: string; readonly text: string }[];
}

const QUERY = `query ($input: [ContactCheckInput!]!) { mayContact(input: $input) { allowed blocks { reason text } } }`;

/**
 * `lazaret check`: reads addresses, one a line, and says of each whether it may be written to: the address, `allowed`, `blocked` or
 * `invalid`, the first reason and a sentence, separated by tabs. Fails as a whole where the lists cannot be read.
 *
 * @returns the exit status: refused where a line is no address
 */
export async function runCheck(options: { channel: string }, input: AsyncIterable<Uint8Array> = process.stdin): Promise<number> {
  const channel = CHANNELS.find((name) => name === options.channel.toUpperCase());
  if (!channel) throw new CommandError(EXIT.usage, `there is no channel ${options.channel}: one of ${CHANNELS.join(', ')}`);
  const output = new Output();
  const invalid = await atWorkplace(async (place) => {
    let refused = 0;
    for await (const addresses of batchesOf(input)) {
      for (const [index, decision] of (await decide(place, channel, addresses)).entries()) {
        if (typeof decision === 'string') refused += 1;
        await output.line([shown(addresses[index] ?? ''), ...cells(decision)].join('\t'));
      }
      await output.flush();
      if (output.closed) break;
    }
    return refused;
  });
  return invalid === 0 ? EXIT.done : EXIT.refused;
}

async function* batchesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const { text } of readTextLines(input, LINE_MAX_BYTES)) {
    const address = text.trim();
    if (address === '') continue;
    batch.push(address);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** One line that is no address refuses all of a batch; the batch is halved until that line stands alone. @returns a text: why it is none */
async function decide(place: Workplace, channel: Channel, addresses: readonly string[]): Promise<(Decision | string)[]> {
  const checks = addresses.map((address) => ({ channel, address }));
  try {
    if (place.kind === 'instance') return await mayContact(place.instance, checks);
    return (await place.server.graphql<{ mayContact: Decision[] }>(QUERY, { input: checks })).mayContact;
  } catch (error) {
    if (!isBadInput(error)) throw error;
    if (addresses.length === 1) return [error.message];
  }
  const half = Math.ceil(addresses.length / 2);
  return [...(await decide(place, channel, addresses.slice(0, half))), ...(await decide(place, channel, addresses.slice(half)))];
}

function isBadInput(error: unknown): error is Error {
  return error instanceof InvalidInputError || (error instanceof ServerRefusal && error.code === 'BAD_USER_INPUT');
}

function cells(decision: Decision | string): string[] {
  if (typeof decision === 'string') return ['invalid', '', shown(decision)];
  const [first] = decision.blocks;
  return decision.allowed ? ['allowed'] : ['blocked', first?.reason ?? '', shown(first?.text ?? '')];
}

/** A tab or line break inside would look like another cell. */
const shown = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');
