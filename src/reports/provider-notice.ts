/** Reads the notices that Amazon SES mails through SNS: a JSON document as the text of a message. */

/** A part of the document; what is not of the expected kind counts as absent. */
type Part = Readonly<Record<string, unknown>>;

const part = (value: unknown): Part => (value instanceof Object && !Array.isArray(value) ? (value as Part) : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export interface NoticeRecipient {
  readonly address: string;
  readonly status: string | null;
  readonly text: string;
}

/** A provider's notice: what happened, to whom, to which message. */
export interface ProviderNotice {
  readonly event: 'BOUNCE' | 'COMPLAINT' | 'DELIVERED' | 'DELAY';
  readonly recipients: readonly NoticeRecipient[];
  readonly feedbackType: string | null;
  readonly messageId: string | null;
  readonly from: string | null;
  readonly subject: string | null;
  readonly token: string | null;
}

const MAX_JSON = 262_144;

function parseJson(text: string): unknown {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start === -1 || end <= start || end - start > MAX_JSON) return null;
  const json = text.slice(start, end + 1);
  for (const candidate of [json, json.replace(/\n/g, '')]) {
    try {
      return JSON.parse(candidate) as unknown;
    } catch {
      // The second candidate undoes lines that were folded inside strings.
    }
  }
  return null;
}

/** SNS wraps the notice as a string in `Message` unless raw delivery is on. */
function unwrap(value: unknown): Part {
  const wrapped = text(part(value).Message);
  return part(wrapped === null ? value : parseJson(wrapped));
}

/** Those that have an address. */
function told(recipients: unknown, otherwise: string): NoticeRecipient[] {
  return list(recipients).flatMap((one) => {
    const { emailAddress, status, diagnosticCode } = part(one);
    const address = text(emailAddress);
    return address === null ? [] : [{ address, status: text(status), text: text(diagnosticCode) ?? otherwise }];
  });
}

function delivered({ recipients, smtpResponse }: Part): NoticeRecipient[] {
  return list(recipients).flatMap((address) =>
    typeof address === 'string' ? [{ address, status: null, text: text(smtpResponse) ?? '' }] : [],
  );
}

/** What the notice says of the message that was sent. */
function aboutMessage(mail: Part, tokenHeader: string): Pick<ProviderNotice, 'messageId' | 'from' | 'subject' | 'token'> {
  const { messageId, subject } = part(mail.commonHeaders);
  const header = list(mail.headers).find((one) => text(part(one).name)?.toLowerCase() === tokenHeader.toLowerCase());
  return {
    messageId: text(messageId)?.replace(/[<>]/g, '') ?? text(mail.messageId),
    from: text(mail.source),
    subject: text(subject),
    token: text(part(header).value),
  };
}

/** Reads a notice, or null where the text is none. */
export function readProviderNotice(raw: string, tokenHeader: string): ProviderNotice | null {
  const start = raw.trimStart().slice(0, 2000);
  if (!start.startsWith('{') || !/"(?:notificationType|eventType|Message|Type)"/.test(start)) return null;
  const notice = unwrap(parseJson(raw));
  const about = aboutMessage(part(notice.mail), tokenHeader);
  switch (text(notice.notificationType) ?? text(notice.eventType)) {
    case 'Bounce': {
      const bounce = part(notice.bounce);
      const sort = `${text(bounce.bounceType) ?? ''} ${text(bounce.bounceSubType) ?? ''}`.trim();
      return { event: 'BOUNCE', recipients: told(bounce.bouncedRecipients, sort), feedbackType: null, ...about };
    }
    case 'Complaint': {
      const complaint = part(notice.complaint);
      const feedbackType = text(complaint.complaintFeedbackType) ?? 'abuse';
      return { event: 'COMPLAINT', recipients: told(complaint.complainedRecipients, ''), feedbackType, ...about };
    }
    case 'Delivery':
      return { event: 'DELIVERED', recipients: delivered(part(notice.delivery)), feedbackType: null, ...about };
    case 'DeliveryDelay': {
      const delay = part(notice.deliveryDelay);
      return { event: 'DELAY', recipients: told(delay.delayedRecipients, text(delay.delayType) ?? ''), feedbackType: null, ...about };
    }
    default:
      return null;
  }
}
