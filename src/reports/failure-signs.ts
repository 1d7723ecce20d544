/** Judges whether a message without report parts tells of a failure, by who wrote it, its subject and its words. */

import { roleOfSender, senderRole } from './auto-reply.ts';
import { deniesDelivery, soundsPersonal } from './prose-phrases.ts';
import type { Material } from './report-material.ts';
import {
  isFailureSubject,
  isServersOwnReport,
  plainText,
  saysDelay,
  saysFailure,
  saysFailureWeakly,
  saysSuccess,
} from './report-phrases.ts';

/** Reports about authentication and statistics look like failures and are none. */
const STATISTICS =
  /^\s*(?:\[[^\]]{0,40}\]\s*)?report[- ]?domain:|\bdmarc\b|\btls-?rpt\b|quarantine (?:summary|digest|report)|spam (?:digest|summary)/i;

/** Parcels fail to be delivered as well, in the same words. */
const PARCEL =
  /\b(?:parcel|package|shipment|courier|sendung|paket|päckchen|colis|paquete|env[ií]o postal|pacco|spedizione|encomenda|paczk|przesyłk|zásilk|pakket|paketet|посылк)/;
const MAIL_SYSTEM = /[45]\d\d[ -]|[45]\.\d\.\d|smtp|mailbox|mail server|mail system|postmaster|mailer-daemon|undeliver/;

/** Subjects of answers, and of what somebody passes on. */
const ANSWER = /^\s*(?:re|aw|sv|antw|vs|rif|res|odp|回复|答复)\s*[:：]/;
const PASSED_ON = /^\s*(?:fwd?|wg|tr|rv|vb|enc|pd|转发)\s*[:：]/;

/** The From line that programs put above a message they pass on, in the languages of their users. */
const PASSED_ON_FROM = /^[ \t*_]{0,8}(?:from|von|de|da|van|från|fra|od|от|발신|差出人|发件人|寄件者)[*_]{0,2}\s?[:：]([^\n]{1,300})/gim;

/** True for an answer to something, whatever it quotes. */
export function isAnswer(subject: string): boolean {
  return ANSWER.test(subject.toLowerCase());
}

/** No server writes fewer; a person's sentence takes one line, and a name stands below it. */
const LEAST_LINES = 3;

/** A report passed on as it was: under its daemon's name, or from a paragraph on that begins in a server's own words. */
function holdsWholeReport(told: string): boolean {
  for (const [, from = ''] of told.matchAll(PASSED_ON_FROM)) if (roleOfSender(from) !== 'other') return true;
  const paragraphs = told.split(/\n[ \t]*\n/, 20);
  return paragraphs.some((paragraph, index) => {
    const plain = plainText(paragraph.slice(0, 1000));
    if (!isServersOwnReport(plain.slice(0, 160)) || soundsPersonal(plain)) return false;
    const lines = paragraphs.slice(index).join('\n').split('\n');
    return lines.filter((line) => line.trim() !== '').length >= LEAST_LINES;
  });
}

/** A person answers, passes on or asks, and only mentions what a server said: nothing to hold against a recipient. */
function onlyQuotesIt(told: string, plain: string, subject: string): boolean {
  const personal = ANSWER.test(subject) || PASSED_ON.test(subject) || soundsPersonal(plain.slice(0, 1500));
  return personal && !holdsWholeReport(told);
}

/** Somebody who is no mail system writes about failures: to a list, as a newsletter, or about a parcel. */
function onlyWritesAboutIt(material: Material, plain: string, subject: string): boolean {
  if (PARCEL.test(`${subject}\n${plain}`) && !MAIL_SYSTEM.test(plain)) return true;
  const { headers } = material.mail;
  const toMany = headers.has('list-id') || headers.has('list-unsubscribe') || headers.has('list-post');
  // A newsletter has such a subject as well; only a server's own first words are a report.
  return toMany && !(isFailureSubject(subject) && isServersOwnReport(plain.slice(0, 700)));
}

/**
 * True where sender, subject and text together make it sure enough.
 *
 * @param automatic the message bears the marks of an automatic reply
 */
export function tellsOfFailure(material: Material, automatic: boolean): boolean {
  const { mail, notice } = material;
  if (mail.headers.has('x-failed-recipients')) return true;
  if (STATISTICS.test(material.subject)) return false;
  const subject = plainText(material.subject);
  const role = senderRole(mail.headers);
  // What people quote is what they answer, not what they tell.
  const told = role === 'other' ? notice.slice(0, 8000).replace(/^[ \t]*>.*$/gm, '') : notice.slice(0, 8000);
  const plain = plainText(told);
  const textSays = saysFailure(plain);
  if (mail.reportType === 'disposition-notification') return textSays && /reject|quota|denied|failed|refused|discarded/.test(plain);
  const subjectSays = isFailureSubject(subject);
  const clearly = textSays || saysDelay(plain) || /(?:^|\s)[45]\d\d[ -](?:[45]\.\d|[<#a-z]{3})/.test(plain);
  if (role === 'daemon' && (clearly || subjectSays || saysFailureWeakly(plain) || deniesDelivery(plain)))
    return !automatic || subjectSays || isServersOwnReport(plain.slice(0, 1500));
  if (automatic || (role === 'other' && onlyWritesAboutIt(material, plain, subject))) return false;
  if (role === 'other' && mail.reportType !== 'delivery-status' && onlyQuotesIt(told, plain, subject)) return false;
  if (role === 'system' && (textSays || subjectSays || saysDelay(plain))) return true;
  if (subjectSays && clearly) return true;
  if (mail.reportType === 'delivery-status' && textSays) return true;
  return isServersOwnReport(plain.slice(0, 700)) && !/^re:/.test(subject.trim());
}

/** True for a text that tells of nothing but success. */
export function tellsOfSuccess(plain: string): boolean {
  return (
    saysSuccess(plain) &&
    !deniesDelivery(plain) &&
    !/fatal|fail|could not|couldn't|unable|undeliver|not been|not be delivered|reject|delay|warning|error:|refused/.test(plain)
  );
}
