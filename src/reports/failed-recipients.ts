/** Puts together, for each recipient of a report, the words and codes that say what happened to it. */

import type { FailureEvidence } from '../domain/qualification/failure-evidence.ts';
import type { EventOrigin } from '../domain/vocabulary.ts';
import { readBounceText, readTranscript, type TextRecipient, type TranscriptReply } from './bounce-text.ts';
import { type DeliveryStatus, diagnosticText, groupAddress, type StatusGroup } from './delivery-status.ts';
import { cleanAddress, fieldAddress, localPart } from './found-address.ts';
import { isCourtesy, withoutCourtesy } from './notice-text.ts';
import type { OriginalMessage } from './original-message.ts';
import type { RecipientAction, ReportedRecipient } from './parsed-message.ts';
import { isStillTrying, plainText, saysFailure, saysFailureWeakly } from './report-phrases.ts';
import { answeringHost, innerReply, quotedReply, refusedCommand } from './smtp-reply.ts';

/** What surrounds the recipients of a report. */
export interface ReportContext {
  readonly notice: string;
  readonly subject: string;
  readonly to: readonly string[];
  readonly from: string | null;
  readonly original: OriginalMessage | null;
  readonly origin: EventOrigin;
  /** The X-Failed-Recipients field. */
  readonly failedHeader: string;
}

const MAX_EVIDENCE = 2000;

/** What programs write around every refusal of a recipient; it says nothing about the failure. */
const FRAME =
  /\bgiving up on \S{1,100}|\bsmtp error from remote (?:mail server|server|mailer|host) after (?:rcpt to(?:: ?<[^<>\s]{0,250}>)?|end of data|data):?|, but it was rejected by (?:the server for )?the recipient domain|\binvalid address, error_code ?: ?\d{3},?|\bthere was an error delivering your mail to|\breturn(?:ing|ed)(?: (?:your )?(?:e-?mail|mail|message))?(?: is being)? (?:back )?to (?:the )?sender\b/gi;

function flatten(text: string): string {
  return text
    .slice(0, MAX_EVIDENCE * 3)
    .replace(FRAME, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_EVIDENCE);
}

function hostOf(value: string | undefined): string | undefined {
  const name =
    value === undefined
      ? null
      : /([A-Za-z0-9][A-Za-z0-9_-]{0,62}(?:\.[A-Za-z0-9_-]{1,63}){1,10})/.exec(value.replace(/^\s*[\w-]{1,20}\s*;/, ''))?.[1];
  return name === null || name === undefined ? undefined : name.toLowerCase();
}

interface Words {
  readonly recipient: string | null;
  readonly text: string;
  /** Everything else that was said about this recipient. */
  readonly around: string;
  /** True for the only recipient of a report: its subject speaks of nobody else. */
  readonly alone: boolean;
  readonly enhancedCode?: string | null;
  readonly remoteHost?: string | undefined;
  readonly reportingHost?: string | undefined;
}

function evidenceOf(words: Words, context: ReportContext): FailureEvidence {
  const command = refusedCommand(words.text) ?? refusedCommand(words.around);
  const remoteHost = words.remoteHost ?? answeringHost(words.text) ?? answeringHost(words.around) ?? undefined;
  // A reply in words stands alone: what the sending server makes of it, its subject too, only repeats or distorts it.
  const enough = /^\D{0,20}[45]\d\d[ -]/.test(words.text) && wordsOf(words.text).length >= 1;
  const subject = words.alone ? context.subject : '';
  const notice = enough ? '' : flatten(`${subject}\n${words.around}`);
  return {
    channel: 'EMAIL',
    text: flatten(innerReply(words.text)),
    origin: context.origin,
    ...(words.recipient === null ? {} : { recipient: words.recipient }),
    ...(words.enhancedCode == null ? {} : { enhancedCode: words.enhancedCode }),
    ...(remoteHost === undefined ? {} : { remoteHost }),
    ...(words.reportingHost === undefined ? {} : { reportingHost: words.reportingHost }),
    ...(command === null ? {} : { smtpCommand: command }),
    ...(notice === '' ? {} : { notice }),
  };
}

const ACTIONS: readonly [RegExp, RecipientAction][] = [
  [/^fail/, 'failed'],
  [/^delay/, 'delayed'],
  [/^deliver(?!y)/, 'delivered'],
  [/^relay/, 'relayed'],
  [/^expand/, 'expanded'],
];

function actionOf(group: StatusGroup, context: ReportContext): RecipientAction {
  const action = (group.fields.get('action') ?? '').trim().toLowerCase();
  const status = statusOf(group);
  const known = ACTIONS.find(([pattern]) => pattern.test(action))?.[1];
  if (known === 'delivered' && status !== null && !status.startsWith('2')) return 'failed';
  if (known !== undefined) return known;
  if (status?.startsWith('2') === true) return 'delivered';
  const plain = plainText(`${context.subject}\n${context.notice.slice(0, 6000)}`);
  return isStillTrying(plain) ? 'delayed' : 'failed';
}

function statusOf(group: StatusGroup): string | null {
  return /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(group.fields.get('status') ?? '')?.[1] ?? null;
}

/** The words a group holds in whatever field the writer put them. */
function groupText(group: StatusGroup): string {
  const { fields } = group;
  const diagnostic = diagnosticText(fields.get('diagnostic-code') ?? '');
  if (diagnostic !== '') return diagnostic;
  const supplementary = fields.get('x-supplementary-info');
  if (supplementary !== undefined) return supplementary.replace(/^<[^\s<>]{1,200}\s+#[\d.]{5,12}\s*(?:smtp;)?\s*/i, '').replace(/>$/, '');
  const named = fields.get('localized-reason') ?? fields.get('x-notes') ?? fields.get('x-mailer-daemon-response');
  if (named !== undefined) return diagnosticText(named);
  const status = fields.get('status') ?? '';
  // Some writers put the whole reply where the status belongs.
  return /^[245]\d\d\s+\S/.test(status) ? status : '';
}

function wordsOf(text: string): readonly string[] {
  const bare = text.replace(/\S*@\S*/g, ' ').replace(/#?[245]\.\d{1,3}\.\d{1,3}|\b[245]\d\d\b/g, ' ');
  return (bare.match(/(?<![\p{L}\d])\p{L}{2,}(?![\p{L}\d])/gu) ?? []).filter(
    (word) => !/^(?:smtp|esmtp|error|failed|failure|permanent|temporary|status)$/i.test(word),
  );
}

/** A text is enough by itself where it holds words besides codes, addresses and the name of a protocol. */
function saysSomething(text: string): boolean {
  return wordsOf(text).length >= 2 || (text !== '' && saysFailure(plainText(text.slice(0, 500))));
}

/** A text that speaks of a failure: by a reply code or by its words. */
function tellsOfFailure(text: string): boolean {
  return (
    saysSomething(text) &&
    (/(?:^|[\s:(])[45]\d\d[ -]|[45]\.\d{1,3}\.\d/.test(text) ||
      saysFailure(plainText(text.slice(0, 3000))) ||
      saysFailureWeakly(plainText(text.slice(0, 3000))))
  );
}

/** What a whole notice offers to recipients whose own paragraph says nothing. */
interface NoticeWords {
  /** The reply it quotes, or an empty string. */
  readonly reply: string;
  /** Its words without mere courtesy. */
  readonly rest: string;
}

/** What a notice says of every recipient: less than any reply. */
const BARE_FAILURE = /^\W*(?:could not|can ?not|can't|was not) be delivered\W*$/i;

/** What stands between the recipients of a sentence about all of them tells as little as the sentence itself. */
const isBareFailure = (text: string): boolean => BARE_FAILURE.test(text.replace(/\S*@\S*/g, ' ').replace(/^[\s,;]*(?:and|or|&)\s/i, ''));

/** The words to judge a recipient by: what its own paragraph says, unless that says nothing and the notice holds a reply. */
function bestText(mention: TextRecipient, told: string, words: NoticeWords | null): string {
  // What a transcript gave is a refusal, however few its words.
  const tells = tellsOfFailure(told) || (told !== mention.text && /^[45]\d\d[ -]/.test(told));
  // Named in a sentence only, the recipient has no paragraph of its own.
  if (words === null || (mention.clear && tells)) return told;
  if (words.reply !== '') return words.reply;
  return tells || (mention.clear && saysSomething(told) && !isCourtesy(told)) ? told : words.rest;
}

function sameAddress(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a.toLowerCase() === b.toLowerCase();
}

/** The transcript's longer form of a reply that a report cut after its first line. */
function longerReply(text: string, transcript: readonly TranscriptReply[]): string {
  if (!/^\d{3}-/.test(text)) return text;
  const start = flatten(text).slice(0, 40);
  return transcript.find((reply) => reply.text.length > text.length && flatten(reply.text).startsWith(start))?.text ?? text;
}

/** Addresses that a report's text may name without meaning a failed recipient. */
function avoided(context: ReportContext): Set<string> {
  const own = [...context.to, context.from ?? '', context.original?.from ?? ''];
  return new Set(own.filter((address) => address !== '').map((address) => address.toLowerCase()));
}

/** Finds what a report's text says about an address. */
function mentionIndex(named: readonly TextRecipient[]): (addresses: readonly (string | null)[]) => TextRecipient | undefined {
  const index = new Map<string, TextRecipient>();
  for (const one of named) {
    for (const address of [one.address, one.otherAddress])
      if (address !== null && !index.has(address.toLowerCase())) index.set(address.toLowerCase(), one);
  }
  return (addresses) => {
    for (const address of addresses) {
      const found = address === null ? undefined : index.get(address.toLowerCase());
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Recipients of the groups of a delivery report. */
export function recipientsOfStatus(status: DeliveryStatus, context: ReportContext): ReportedRecipient[] {
  const groups = dropEmptyGroups(status.recipients);
  const listed = groups.flatMap((group) => [groupAddress(group), fieldAddress(group.fields.get('original-recipient') ?? '')]);
  const known = new Set(listed.filter((address) => address !== null).map((address) => address.toLowerCase()));
  const named = readBounceText(context.notice, avoided(context), known);
  const mentionOfAny = mentionIndex(named);
  const transcript = readTranscript(context.notice);
  const reportingHost = hostOf(status.message.get('reporting-mta'));
  const only = groups.length === 1;
  return groups.map((group) => {
    const original = group.fields.get('original-recipient');
    const final = groupAddress(group);
    const address = (original === undefined ? null : fieldAddress(original)) ?? final ?? (only ? guessAddress(named, context) : null);
    const mention = mentionOfAny([address, final]) ?? (only && named.length === 1 ? named[0] : undefined);
    const said = longerReply(groupText(group), transcript);
    const told = mention === undefined ? '' : mentionText(mention, transcript);
    const comment = /\(([^()]{3,200})\)/.exec(group.fields.get('status') ?? '')?.[1] ?? '';
    const better = tellsOfFailure(told) && !(said !== '' && isBareFailure(told));
    const text = saysSomething(said) ? said : better ? told : only && said === '' ? replyIn(context.notice) : said;
    const words: Words = {
      recipient: address,
      text,
      around: [said, told, comment, only ? context.notice : ''].filter((part) => part !== '' && part !== text).join('\n'),
      alone: only,
      enhancedCode: statusOf(group),
      remoteHost: hostOf(group.fields.get('remote-mta')),
      reportingHost,
    };
    return {
      address,
      otherAddress: otherOf(address, [final, mention?.address ?? null, mention?.otherAddress ?? null]),
      action: actionOf(group, context),
      evidence: evidenceOf(words, context),
    };
  });
}

/** The reply a notice quotes, or nothing: the notice itself is handed on apart. */
function replyIn(notice: string): string {
  const reply = quotedReply(notice);
  return reply !== null && tellsOfFailure(reply) ? reply : '';
}

/** A group that names nobody and says nothing stands for no recipient where others do. */
function dropEmptyGroups(groups: readonly StatusGroup[]): readonly StatusGroup[] {
  const useful = groups.filter(
    (group) => groupAddress(group) !== null || group.fields.has('final-recipient') || group.fields.has('diagnostic-code'),
  );
  return useful.length > 0 ? useful : groups.slice(0, 1);
}

/** Another address of the same recipient, for a sender that knows it by that one. */
function otherOf(address: string | null, others: readonly (string | null)[]): string | null {
  return others.find((other) => other !== null && !sameAddress(other, address)) ?? null;
}

/** Who a report means that names no recipient itself: its text, else the returned message's addressee where there is one only. */
function guessAddress(named: readonly TextRecipient[], context: ReportContext): string | null {
  const only = named.length === 1 ? named[0]?.address : undefined;
  if (only !== undefined) return only;
  const to = [...new Set((context.original?.to ?? []).map((address) => address.toLowerCase()))].filter(
    (address) => !avoided(context).has(address),
  );
  return to.length === 1 ? (context.original?.to.find((address) => address.toLowerCase() === to[0]) ?? null) : null;
}

const REASON = /\(reason: ([^\n]{1,1500}?)\)(?:\n|$)/;

/** What is said about a recipient: sendmail's own reason or the reply in its transcript, else the text at its name. */
function mentionText(mention: TextRecipient, transcript: readonly TranscriptReply[]): string {
  const reason = REASON.exec(mention.text)?.[1];
  if (reason !== undefined) return longerReply(reason, transcript);
  if (transcript.length === 0) return mention.text;
  const name = `${localPart(mention.address)}...`;
  const about = transcript.filter(
    ({ text, address }) =>
      sameAddress(address, mention.address) ||
      sameAddress(address, mention.otherAddress) ||
      (address === null && text.toLowerCase().includes(name)),
  );
  const refusals = (list: readonly TranscriptReply[]) => list.filter(({ text }) => /^[45]/.test(text) && !/^503/.test(text));
  const best =
    refusals(about.filter(({ remote }) => remote))[0] ??
    refusals(transcript.filter(({ remote }) => remote))[0] ??
    refusals(about)[0] ??
    refusals(transcript)[0];
  return best?.text ?? mention.text;
}

/** `X-Failed-Recipients: a@x, b@y`, an Exim and Gmail habit. */
function headerRecipients(value: string): string[] {
  return [
    ...new Set(
      value
        .slice(0, 20_000)
        .split(/[,\s]+/)
        .map((one) => cleanAddress(one))
        .filter((one): one is string => one !== null),
    ),
  ];
}

/** Recipients of a report that is only text. At least one, without address where the report names nobody. */
export function recipientsOfText(context: ReportContext, action: RecipientAction): ReportedRecipient[] {
  const failed = headerRecipients(context.failedHeader);
  const isFailed = new Set(failed.map((address) => address.toLowerCase()));
  const named = readBounceText(context.notice, new Set([...avoided(context)].filter((address) => !isFailed.has(address))), isFailed);
  const transcript = readTranscript(context.notice);
  const byName = failed.length === 0 && !named.some(({ clear }) => clear) ? namedByLocalPart(context) : null;
  const mentionOfAny = mentionIndex(named);
  const listed =
    failed.length > 0 ? failed.map((address) => mentionOfAny([address]) ?? unnamed(address)) : byName === null ? named : [byName];
  const recipients = listed.length > 0 ? listed : [unnamed(guessAddress([], context) ?? '')];
  // Where one of several recipients has words of its own, the others must not be judged by them.
  const shared = recipients.length === 1 || !recipients.some(({ text, clear }) => tellsOfFailure(text) || (clear && saysSomething(text)));
  const words = shared ? { reply: replyIn(context.notice), rest: withoutCourtesy(context.notice).slice(0, MAX_EVIDENCE * 2) } : null;
  return recipients.map((mention, index) => {
    const address = failed[index] ?? (mention.address === '' ? null : mention.address);
    const text = bestText(mention, mentionText(mention, transcript), words);
    const around = recipients.length === 1 ? context.notice : mention.text;
    return {
      address,
      otherAddress: otherOf(address, [mention.address === '' ? null : mention.address, mention.otherAddress]),
      action,
      evidence: evidenceOf({ recipient: address, text, around, alone: recipients.length === 1 }, context),
    };
  });
}

/** A recipient whom the text does not name. */
function unnamed(address: string): TextRecipient {
  return { address, otherAddress: null, clear: false, text: '' };
}

/** A returned message's addressee whose name alone stands in the report, as directory servers write it. */
function namedByLocalPart(context: ReportContext): TextRecipient | null {
  const words = new Set(
    context.notice
      .slice(0, 4000)
      .toLowerCase()
      .split(/[\s<>"'(),;:]+/),
  );
  const avoid = avoided(context);
  const found = (context.original?.to ?? []).filter(
    (address) => !avoid.has(address.toLowerCase()) && localPart(address).length > 2 && words.has(localPart(address)),
  );
  return found.length === 1 && found[0] !== undefined ? { address: found[0], otherAddress: null, clear: false, text: '' } : null;
}
