/** Reads the notices that Amazon SES mails through SNS: a JSON document as the text of a message. */

import { z } from 'zod';

const recipient = z.object({
  emailAddress: z.string(),
  action: z.string().optional(),
  status: z.string().optional(),
  diagnosticCode: z.string().optional(),
});

const notice = z.object({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  bounce: z
    .object({
      bounceType: z.string().optional(),
      bounceSubType: z.string().optional(),
      bouncedRecipients: z.array(recipient).optional(),
      reportingMTA: z.string().optional(),
    })
    .optional(),
  complaint: z.object({ complainedRecipients: z.array(recipient).optional(), complaintFeedbackType: z.string().nullish() }).optional(),
  delivery: z.object({ recipients: z.array(z.string()).optional(), smtpResponse: z.string().optional() }).optional(),
  deliveryDelay: z.object({ delayType: z.string().optional(), delayedRecipients: z.array(recipient).optional() }).optional(),
  mail: z
    .object({
      source: z.string().optional(),
      messageId: z.string().optional(),
      destination: z.array(z.string()).optional(),
      headers: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
      commonHeaders: z.object({ messageId: z.string().optional(), subject: z.string().optional() }).optional(),
    })
    .optional(),
});

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
function unwrap(value: unknown): unknown {
  const wrapped = z.object({ Message: z.string() }).safeParse(value);
  return wrapped.success ? parseJson(wrapped.data.Message) : value;
}

/** Reads a notice, or null where the text is none. */
export function readProviderNotice(text: string, tokenHeader: string): ProviderNotice | null {
  const start = text.trimStart().slice(0, 2000);
  if (!start.startsWith('{') || !/"(?:notificationType|eventType|Message|Type)"/.test(start)) return null;
  const parsed = notice.safeParse(unwrap(parseJson(text)));
  if (!parsed.success) return null;
  const { mail, bounce, complaint, delivery, deliveryDelay } = parsed.data;
  const about = {
    messageId: mail?.commonHeaders?.messageId?.replace(/[<>]/g, '') ?? mail?.messageId ?? null,
    from: mail?.source ?? null,
    subject: mail?.commonHeaders?.subject ?? null,
    token: mail?.headers?.find(({ name }) => name.toLowerCase() === tokenHeader.toLowerCase())?.value ?? null,
  };
  const told = (list: readonly z.infer<typeof recipient>[] | undefined, otherwise: string): NoticeRecipient[] =>
    (list ?? []).map((one) => ({ address: one.emailAddress, status: one.status ?? null, text: one.diagnosticCode ?? otherwise }));
  switch (parsed.data.notificationType ?? parsed.data.eventType) {
    case 'Bounce': {
      const sort = `${bounce?.bounceType ?? ''} ${bounce?.bounceSubType ?? ''}`.trim();
      return { event: 'BOUNCE', recipients: told(bounce?.bouncedRecipients, sort), feedbackType: null, ...about };
    }
    case 'Complaint':
      return {
        event: 'COMPLAINT',
        recipients: told(complaint?.complainedRecipients, ''),
        feedbackType: complaint?.complaintFeedbackType ?? 'abuse',
        ...about,
      };
    case 'Delivery': {
      const recipients = (delivery?.recipients ?? []).map((address) => ({ address, status: null, text: delivery?.smtpResponse ?? '' }));
      return { event: 'DELIVERED', recipients, feedbackType: null, ...about };
    }
    case 'DeliveryDelay':
      return {
        event: 'DELAY',
        recipients: told(deliveryDelay?.delayedRecipients, deliveryDelay?.delayType ?? ''),
        feedbackType: null,
        ...about,
      };
    default:
      return null;
  }
}
