/**
 * Reads one SMTP reply, and finds the reply of the receiving server inside the sentence a sending server wraps around it.
 */

/** A reply taken apart. */
export interface SmtpReply {
  readonly smtpCode: number | null;
  /** RFC 3463 status such as `5.1.1`. */
  readonly enhancedCode: string | null;
  /** The words without codes, multi-line replies joined. */
  readonly text: string;
}

const MAX_REPLY = 4000;
const LEADING_CODE = /^[\s<"'([]{0,4}([2345]\d\d)(?![\d.])(?:[ \t:,-]|$)/;
const INNER_CODE = /(?:^|[\s:;<>("'[])([45][0-5]\d)(?=[ \t-]#?[45]\.\d{1,3}\.\d|[ \t-][^\s\d]|: )/;
const ENHANCED = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])/;

/** Reads a reply such as `550-5.1.1 No such user`, over several lines or with a host in front of the code. */
export function parseSmtpReply(reply: string): SmtpReply {
  const text = reply.slice(0, MAX_REPLY).replace(/\s+/g, ' ').trim();
  const code = LEADING_CODE.exec(text)?.[1] ?? INNER_CODE.exec(text)?.[1] ?? null;
  const enhanced = ENHANCED.exec(text)?.[1] ?? null;
  return { smtpCode: code === null ? null : Number(code), enhancedCode: enhanced, text: withoutCodes(text, code, enhanced) };
}

function withoutCodes(text: string, code: string | null, enhanced: string | null): string {
  let out = text;
  if (code !== null) out = out.replace(new RegExp(`(^|[\\s:])${code}(?:[ -]|$)`, 'g'), '$1');
  if (enhanced !== null) out = out.replace(new RegExp(`(^|[\\s(])#?${enhanced.replace(/\./g, '\\.')}(?=[\\s):,;-]|$)`, 'g'), '$1');
  return out.replace(/\s+/g, ' ').trim();
}

/** What senders write in front of the reply they got, each followed by the reply itself; a space stands for any white space. */
const INTRODUCTIONS: readonly RegExp[] = [
  /\bthe error that the other server returned was:?\s*/,
  /\bremote (?:host|server|mail server|smtp server) (?:said|returned|responded with|replied|answered|rejected)(?: ?\[[^\]]{0,40}\])?:?\s*['"]?(?=[<'"]?[#\d<a-z])/,
  /\bthe response (?:was|from the remote server was):?\s*/,
  /\bresponse from the (?:remote|other) server[^:]{0,40}:\s*/,
  /\brefused to talk to me:\s*/,
  /\bsaid:\s*/,
  /\bsays:\s*/,
  /\breports?:\s*(?=(?:host \S{1,200} says:)?\s*["']?[#\d])/,
  /\bfailed with:\s*/,
  /\bresponded as follows:\s*/,
  /\bdid not like our [a-z ]{4,12}:\s*/,
  /\breceived >>>\s*/,
  /\bfollowing (?:error was given|error|response|reasons?):?\s*(?=\S)/,
  /-- ?server message\s*/,
  /\bgenerated following response:\s*/,
  /\bdiagnostic[- ]code:\s*(?:[\w-]{1,20};)?\s*/,
  /\b(?:remote )?server (?:response|replied|answered|message)(?: was)?:\s*/,
  /\bgot (?:the )?(?:response|error):\s*/,
  /\bhost:? [^\s:]{1,200} ?(?:\[[^\]]{1,60}\])?:\s*(?=[2-5]\d\d)/,
  /\b(?:smtp )?error from remote (?:mail ?server|server|mailer|host) after (?:initial connection|[a-z ]{4,20}(?:command)?(?: ?:? ?<[^<>]{0,250}>)?(?: [a-z0-9]{2,12}=[^\s:]{1,40}){0,6}):\s*(?:host:? [^\s:]{1,250}(?: ?\[[^\]]{1,60}\])?:?\s*)?/,
  /\bSMTP:\w{4} host [^:]{1,200}:\s*/,
  /\bERROR_CODE ?: ?\d{3}, ?ERROR_CODE ?:\s*/,
  /\b(?:automatically|has been|was) rejected:\s*(?=\S)/,
  /\breason for the problem:\s*/,
  /\b(?:because|because of|due to the following reason)(?::|\n\s*\n)\s*/,
  /\breason:\s*(?=\S)/,
  /\berror message (?:below|is|was):\s*/,
  /对方服务器返回错误提示[:：]\s*/,
].map((introduction) => new RegExp(introduction.source.replace(/ (?!\?)/g, '\\s+').replace(/ \?/g, '\\s*'), 'i'));

/** The command that was refused, from `(in reply to RCPT TO command)`, `after RCPT TO:`, `[RCPT_TO]`, `STEP: DATA SEND`. */
const VERB = '(?:RCPT TO|RCPT|MAIL FROM|MAIL|DATA|BDAT|EHLO|HELO|LHLO|AUTH|STARTTLS|QUIT|RSET|VRFY)';
const COMMAND = new RegExp(
  [
    `\\(in reply to (?:the )?(end of DATA|${VERB}) (?:command|phrase)\\)`,
    `\\bafter (?:sending )?(end of data|${VERB})\\b`,
    '\\[(RCPT_TO|MAIL_FROM|DATA|CONNECT|HELO|EHLO|BODY)\\]',
    `\\bSTEP: (${VERB})`,
    `\\bdid not like our (${VERB})`,
    '\\bdoes not like (recipient|sender)\\b',
    '\\b(initial connection)\\b',
    `--\\s?SMTP command\\s+(${VERB})`,
    `\\bSMTP:(${VERB}) host\\b`,
    `\\bfollowing (${VERB}) command\\b`,
    '\\bafter (I sent the message)\\b',
    // Sendmail's transcript: the refusal stands right below the command.
    `>>> ?(${VERB})\\b[^<>]{0,100}(?:<[^<>]{0,250}>)?[^<>]{0,200}<<< ?[45]\\d\\d[ -]`,
  ].join('|'),
  'i',
);

const COMMAND_NAMES: Readonly<Record<string, string>> = {
  'END OF DATA': 'DATA',
  BODY: 'DATA',
  'I SENT THE MESSAGE': 'DATA',
  RECIPIENT: 'RCPT',
  SENDER: 'MAIL',
  CONNECT: 'CONNECT',
  'INITIAL CONNECTION': 'CONNECT',
};

/** The refused command as one word (`RCPT`, `MAIL`, `DATA`, `CONNECT`, ...), or null. */
export function refusedCommand(text: string): string | null {
  const found = COMMAND.exec(text.slice(0, MAX_REPLY));
  const name = found
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.toUpperCase();
  if (name === undefined) return null;
  return COMMAND_NAMES[name] ?? (name === 'STARTTLS' ? name : name.slice(0, 4));
}

const TRAILING_COMMAND = /\s?\(in reply to [^()]{1,40}\)/gi;
const HOST =
  /\bhost:?\s+([A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}))\s?(?:\[[^\]]{0,60}\]|\([^)]{0,60}\)|:)|\bwhile talking to\s+([A-Za-z0-9][A-Za-z0-9._-]{0,250})|\bby\s+([A-Za-z0-9][A-Za-z0-9_-]{0,60}(?:\.[A-Za-z0-9_-]{1,60}){1,6})\.?\s?\[|\bserver\s+([A-Za-z0-9][A-Za-z0-9_-]{0,60}(?:\.[A-Za-z0-9_-]{1,60}){1,6})\s?\[/i;

/** The host that answered, where the sentence names it. */
export function answeringHost(text: string): string | null {
  const found = HOST.exec(text.slice(0, MAX_REPLY));
  const name = found?.slice(1).find((group) => group !== undefined);
  return name === undefined || !name.includes('.') ? null : name.replace(/\.+$/, '').toLowerCase();
}

/** A reply that begins a line of its own. */
const OWN_LINE = /(?:^|\n)[ \t>]{0,20}(?=[45]\d\d[ -]\s?\S)/;

/** Where the reply begins: behind the first introduction, else at a line that begins with a reply code; -1 where there is none. */
function replyStart(text: string): number {
  let best = -1;
  let start = -1;
  for (const introduction of INTRODUCTIONS) {
    const found = introduction.exec(text);
    if (found === null) continue;
    const end = found.index + found[0].length;
    if (end < text.length && (best === -1 || found.index < best)) {
      best = found.index;
      start = end;
    }
  }
  if (start !== -1) return start;
  const line = OWN_LINE.exec(text);
  return line === null ? -1 : line.index + line[0].length;
}

/** The first paragraph that says anything. */
function firstParagraph(text: string): string {
  return text.split(/\n[ \t]*\n/).find((paragraph) => /[\p{L}\d]{3}/u.test(paragraph)) ?? text;
}

function onOneLine(text: string): string {
  return text
    .replace(TRAILING_COMMAND, '')
    .replace(/[=_*#~-]{4,}/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_REPLY);
}

/**
 * The receiving server's own words inside a sentence such as `host mx.example.com[192.0.2.1] said: 550 5.1.1 ... (in reply to RCPT TO
 * command)`, to the end of their paragraph and on one line; null where nothing introduces a reply.
 */
export function quotedReply(text: string): string | null {
  const window = text.slice(0, MAX_REPLY * 2);
  const start = replyStart(window);
  return start === -1 ? null : onOneLine(firstParagraph(window.slice(start)));
}

/** The reply a sentence quotes, else the whole text; on one line. */
export function innerReply(text: string): string {
  return quotedReply(text) ?? onOneLine(text.slice(0, MAX_REPLY * 2));
}
