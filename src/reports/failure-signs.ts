/** Judges whether a message without report parts tells of a failure, by who wrote it, its subject and its words. */

import { senderRole } from './auto-reply.ts';
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
  if (role === 'daemon' && (clearly || subjectSays || saysFailureWeakly(plain)))
    return !automatic || subjectSays || isServersOwnReport(plain.slice(0, 1500));
  if (automatic) return false;
  if (role === 'system' && (textSays || subjectSays || saysDelay(plain))) return true;
  if (subjectSays && clearly) return true;
  if (mail.reportType === 'delivery-status' && textSays) return true;
  return isServersOwnReport(plain.slice(0, 700)) && !/^re:/.test(subject.trim());
}

/** True for a text that tells of nothing but success. */
export function tellsOfSuccess(plain: string): boolean {
  return (
    saysSuccess(plain) &&
    !/fatal|fail|could not|couldn't|unable|undeliver|not been|not be delivered|reject|delay|warning|error:|refused/.test(plain)
  );
}
