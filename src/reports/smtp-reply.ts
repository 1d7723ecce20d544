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

/** What senders write in front of the reply they got, each followed by the reply itself. */
const INTRODUCTIONS: readonly RegExp[] = [
  /\bthe error that the other server returned was:?\s*/i,
  /\bremote (?:host|server|mail server|smtp server) (?:said|returned|responded with|replied|answered|rejected)(?:\s?\[[^\]]{0,40}\])?:?\s*['"]?(?=[<'"]?[#\d<[A-Z])/i,
  /\bthe response (?:was|from the remote server was):?\s*/i,
  /\bresponse from the (?:remote|other) server[^:]{0,40}:\s*/i,
  /\brefused to talk to me:\s*/i,
  /\bsaid:\s*/i,
  /\bsays:\s*/i,
  /\bfailed with:\s*/i,
  /\bfollowing error was given:\s*/i,
  /-{3,}\s?server message\s*/i,
  /\bthe following response:\s*/i,
  /\bgenerated following response:\s*/i,
  /\bdiagnostic[- ]code:\s*(?:[\w-]{1,20};)?\s*/i,
  /\b(?:remote )?server (?:response|replied|answered|message)(?: was)?:\s*/i,
  /\bgot (?:the )?(?:response|error):\s*/i,
  /\bhost [^\s:]{1,200} (?:\[[^\]]{1,60}\])?:\s*(?=[2-5]\d\d)/i,
  /\berror from remote (?:mail ?server|server|mailer|host)[^:]{0,120}:\s*(?:host [^:]{1,200}:\s*)?(?=[2-5]\d\d)/i,
  /\bSMTP:\w{4} host [^:]{1,200}:\s*/,
  /\breason:\s*(?=[2-5]\d\d)/i,
  /对方服务器返回错误提示:\s*/,
];

/** The command that was refused, from `(in reply to RCPT TO command)`, `after RCPT TO:`, `[RCPT_TO]`, `STEP: DATA SEND`. */
const COMMAND =
  /\(in reply to (?:the )?(end of DATA|[A-Z]{4}(?: [A-Z]{2,4})?) (?:command|phrase)\)|\bafter (?:sending )?(end of data|[A-Z]{4}(?: [A-Z]{2,4})?)\b|\[(RCPT_TO|MAIL_FROM|DATA|CONNECT|HELO|EHLO|BODY)\]|\bSTEP: ([A-Z]{4})|\bdid not like our (DATA|[A-Z]{4}(?: [A-Z]{2,4})?)|\bdoes not like (recipient|sender)\b|\b(initial connection)\b|-{3,}\s?SMTP command\s+([A-Z]{4})|\bSMTP:([A-Z]{4}) host\b|\bafter (I sent the message)\b/i;

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
  const found = COMMAND.exec(text);
  const name = found
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.toUpperCase();
  if (name === undefined) return null;
  return COMMAND_NAMES[name] ?? name.slice(0, 4);
}

const TRAILING_COMMAND = /\s*\(in reply to [^()]{1,40}\)/gi;
const HOST =
  /\bhost:?\s+([A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}))\s?(?:\[[^\]]{0,60}\]|\([^)]{0,60}\)|:)|\bwhile talking to\s+([A-Za-z0-9][A-Za-z0-9._-]{0,250})|\bby\s+([A-Za-z0-9][A-Za-z0-9_-]{0,60}(?:\.[A-Za-z0-9_-]{1,60}){1,6})\.?\s?\[|\bserver\s+([A-Za-z0-9][A-Za-z0-9_-]{0,60}(?:\.[A-Za-z0-9_-]{1,60}){1,6})\s?\[/i;

/** The host that answered, where the sentence names it. */
export function answeringHost(text: string): string | null {
  const found = HOST.exec(text);
  const name = found?.slice(1).find((group) => group !== undefined);
  return name === undefined || !name.includes('.') ? null : name.replace(/\.+$/, '').toLowerCase();
}

/**
 * The receiving server's own words inside a sentence such as `host mx.example.com[192.0.2.1] said: 550 5.1.1 ... (in reply to RCPT TO
 * command)`; the whole text, on one line, where nothing introduces a reply.
 */
export function innerReply(text: string): string {
  const flat = text
    .slice(0, MAX_REPLY * 2)
    .replace(/\s+/g, ' ')
    .trim();
  let best = -1;
  let from = 0;
  for (const introduction of INTRODUCTIONS) {
    const found = introduction.exec(flat);
    if (found === null) continue;
    const end = found.index + found[0].length;
    if (end < flat.length && (best === -1 || found.index < best)) {
      best = found.index;
      from = end;
    }
  }
  const reply = best === -1 ? flat : flat.slice(from);
  return reply.replace(TRAILING_COMMAND, '').slice(0, MAX_REPLY).trim();
}
