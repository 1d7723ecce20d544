/**
 * What is said in English of a mailbox, a sender, a server or a message, as the names of the thing and what is said of it.
 *
 * The sentences of the table are those that servers are known to write. Administrators write others, with the same nouns and
 * verbs: each name goes with each word near it, with up to sixteen characters in between, so that one clause holds both.
 */

/** Each of the first with each of the second close behind it. */
export function near(first: readonly string[], second: readonly string[]): readonly string[] {
  return first.flatMap((one) => second.map((other) => `${one} ‥ ${other}`));
}

/** A denial goes with a verb in each of its spellings: `could not find`, `couldn't find`. */
const UNABLE: readonly string[] = ['could not', 'couldnt', 'cannot', 'can not', 'cant', 'unable to', 'failed to', 'not able to'];

const MAILBOXES: readonly string[] = [
  ' mailbox',
  ' mail box',
  ' inbox',
  ' account',
  ' maildrop',
  ' mail drop',
  ' mail folder',
  ' mailfolder',
];
const PERSONS: readonly string[] = [
  ' user',
  ' recipient',
  ' rcpt',
  ' addressee',
  ' alias',
  ' subscriber',
  ' customer',
  ' employee',
  ' person',
  ' address',
];

const MISSING_BEHIND: readonly string[] = [
  'not exist',
  'nt exist',
  'n existent',
  'nonexist',
  'not found',
  'not be found',
  'nt be found',
  'not known',
  'nt known',
  'unknown',
  'not recogni',
  'nt recogni',
  'unrecogni',
  'not valid',
  'nt valid',
  'not a valid',
  'invalid',
  'not listed',
  'nt listed',
  'not present',
  'not registered',
  'nt registered',
  'unregistered',
  'not defined',
  'no longer',
  'removed',
  'deleted',
  'has left',
  'retired',
  'not in use',
  'not be verified',
  'nt be verified',
  'verification failed',
  'not be resolved',
  'not be located',
  'not belong',
  'not in route',
  'not hosted',
  'not assigned',
  'not handled',
  'not on file',
];

const MISSING_BEFORE: readonly string[] = [
  'no such',
  'no valid',
  'no known',
  'no matching',
  'unknown',
  'invalid',
  'nonexist',
  'non exist',
  'not a valid',
  'not a known',
  'unrecogni',
  'unregistered',
  'undeliverable',
  'no record of',
  'not have a',
  'not have any',
  'nt have a',
  'nt have any',
  ...UNABLE.flatMap((unable) => [`${unable} find`, `${unable} locate`, `${unable} verify`, `${unable} resolve`]),
];

/** Nobody has that mailbox. */
export const NOBODY: readonly string[] = [
  ...near([...MAILBOXES, ...PERSONS], MISSING_BEHIND),
  ...near(MISSING_BEFORE, [...MAILBOXES, ...PERSONS]),
];

/** The mailbox exists and takes no mail. */
export const SHUT_MAILBOX: readonly string[] = [
  ...near(
    [...MAILBOXES, ' user', ' recipient', ' addressee', ' subscriber', ' customer'],
    [
      'disabled',
      'inactive',
      'deactivat',
      'de activat',
      'suspend',
      ' locked',
      'frozen',
      'dormant',
      'not active',
      'not enabled',
      'not activated',
      'switched off',
      'turned off',
      'on hold',
      'terminated',
      'never logs',
    ],
  ),
  ...near(MAILBOXES, [
    'closed',
    'expired',
    'shut down',
    'archived',
    'not currently',
    'currently not',
    ' cancel',
    'revoked',
    'withdrawn',
    'unpaid',
    'hibernat',
    'restricted',
    'unused',
  ]),
  ...MAILBOXES.flatMap((box) =>
    ['is', 'was', 'has been'].flatMap((verb) =>
      ['disabled', 'locked', 'suspended', 'closed', 'deactivated', 'frozen', 'terminated'].map((state) => `${box} … ${verb} ${state}`),
    ),
  ),
];

/** The mailbox is barred by its provider. */
export const BARRED_MAILBOX: readonly string[] = near(MAILBOXES, ['blocked', 'barred']);

const STORES: readonly string[] = [
  ...MAILBOXES,
  ' mail file',
  ' mail store',
  ' mailstore',
  ' maildir',
  ' storage',
  ' folder',
  ' disk space',
];

/** The mailbox holds no more. */
export const FULL_MAILBOX: readonly string[] = [
  ...near(STORES, [
    ' full',
    'overflow',
    'no space',
    'no room',
    'no more',
    'used up',
    'exhausted',
    'cannot hold',
    'at capacity',
    'over its',
    'over his',
    'over their',
    'over the limit',
    'over limit',
    'reached its',
    'reached his',
    'reached their',
    'limit reached',
  ]),
  ...near(
    [...STORES, ' user', ' recipient', ' addressee', ' customer', ' *'],
    [
      'no space',
      'no room',
      'no more space',
      'no more room',
      'no more disk',
      'no free',
      'out of space',
      'out of storage',
      'run out of',
      'used up',
    ],
  ),
  ...near(['disk full', 'disk is full'], [' user', ' mailbox', ' account', ' recipient']),
  'hold any more',
  'hold no more',
  'accept any more mail',
  ...near(['exceed', 'over ', 'above', 'beyond', 'reached'], ['storage', 'allotted', 'allotment', 'mailbox size', 'mailbox limit']),
];

/** The quota of the mailbox is used up. */
export const USED_QUOTA: readonly string[] = [
  ...near(['over', 'above', 'beyond', 'exceed', 'reached', 'used up', 'exhaust', 'out of', 'filled'], ['quota']),
  ...near(['quota'], ['exceed', 'reached', 'exhaust', 'full', 'used up', 'depleted', 'is over']),
  'writing … file too large',
  'writing … file too big',
];

const SENDERS: readonly string[] = [
  ' sender',
  ' senders',
  ' originator',
  ' envelope from',
  ' mail from',
  ' mailfrom',
  ' from address',
  ' return path',
  ' reverse path',
];

/** The address that the message came from is not wanted or not believed. */
export const UNWANTED_SENDER: readonly string[] = [
  ...near(SENDERS, [
    'unknown',
    'not exist',
    'nt exist',
    'invalid',
    'not valid',
    'not found',
    'reject',
    'refuse',
    'denied',
    'blocked',
    'banned',
    'not allowed',
    'not permitted',
    'not accept',
    'unaccept',
    'not verif',
    'not be verif',
    'unverif',
    'not resolv',
    'unresolv',
    'not authori',
    'unauthori',
    'forged',
    'spoof',
    'bogus',
    'not trusted',
    'untrusted',
    'prohibited',
  ]),
  ...near(
    [
      'unknown',
      'invalid',
      'forged',
      'faked',
      'fake',
      'bogus',
      'spoofed',
      'unverified',
      'unresolvable',
      'unauthorized',
      'unauthorised',
      'banned',
      'illegal',
      'malformed',
      'untrusted',
      'unacceptable',
    ],
    SENDERS,
  ),
];

/** The writer is unknown: by the name of the sending mailbox, as `your` address, or as those from whom no mail is taken. */
export const UNKNOWN_WRITER: readonly string[] = [
  ...near(
    [
      ' your address',
      ' your email address',
      ' your mailbox',
      ' your account',
      ' your user',
      ' your hostname',
      ' sending user',
      ' sending mailbox',
      ' sender mailbox',
    ],
    [
      'unknown',
      'not known',
      'not exist',
      'nt exist',
      'not found',
      'not be found',
      'not recogni',
      'invalid',
      'not valid',
      'no longer',
      'deleted',
    ],
  ),
  ...near(
    [' mail from', ' mails from', ' email from', ' emails from', ' messages from', ' message from', ' accept from', ' attachments from'],
    ['unknown user', 'unknown person', 'unknown address', 'unknown mailbox', 'invalid user', 'invalid address', 'nonexist'],
  ),
];

/** The mailbox of the sender is full or shut. */
export const SENDERS_MAILBOX: readonly string[] = [
  ...near(
    [' sender account', ' sender mailbox', ' senders account', ' senders mailbox', ' sending account', ' sending mailbox'],
    ['full', 'quota', 'locked', 'disabled', 'suspended', 'blocked', 'closed'],
  ),
  ...near([' your account', ' your mailbox'], ['cannot send', 'not send', 'sending is']),
  'your sending quota',
];

/** The name by which the sending server called itself, or the name of its IP address. */
export const WRONG_SERVER_NAME: readonly string[] = near(
  [' helo', ' ehlo', ' rdns', ' reverse dns', ' fcrdns', ' ptr'],
  [
    'invalid',
    'incomplete',
    'not resolv',
    'nt resolv',
    'not match',
    'nt match',
    'mismatch',
    'missing',
    'reject',
    'bogus',
    'must',
    'should',
    'required',
    'fqdn',
    'failed',
  ],
);

const LISTS: readonly string[] = [' list ', ' mailing list', ' group', ' distribution'];

/** A list or group that takes mail of some only. */
export const CLOSED_LIST: readonly string[] = [
  ...near(
    [' post ', ' posting', ' posts'],
    ['not allowed', 'not permitted', 'denied', 'refused', 'rejected', 'closed', 'restricted', 'members', 'subscribers', 'not authori'],
  ),
  ...near(
    ['not allowed', 'not permitted', 'not authori', 'may not', 'only members', 'only subscribers', 'only moderators', 'permission'],
    [' post ', ' posting'],
  ),
  ...near(LISTS, ['closed', 'restricted', 'members only', 'subscribers only', 'moderated', 'only accepts']),
];

const ATTACHMENTS: readonly string[] = [' attachment', ' attached', ' file type', ' file extension', ' archive', ' zip'];
const UNWANTED: readonly string[] = [
  'not allowed',
  'not permitted',
  'not accepted',
  'prohibited',
  'forbidden',
  'banned',
  'blocked',
  'rejected',
  'refused',
  'unacceptable',
  'disallowed',
  'dangerous',
  'suspicious',
];

/** A part of the message that is not let in. */
export const BANNED_PART: readonly string[] = [
  ...near(ATTACHMENTS, UNWANTED),
  ...near(
    ['forbidden', 'prohibited', 'banned', 'dangerous', 'disallowed', 'unacceptable', 'suspicious', 'unsafe', 'malicious', 'harmful'],
    [...ATTACHMENTS, ' file', ' content', ' link', ' url', ' word', ' phrase'],
  ),
];

/** The message is larger than what is taken. */
export const TOO_BIG: readonly string[] = near(
  [' message', ' mail ', ' email', ' letter', ' attachment', ' body'],
  ['too big', 'too large', 'too long', 'oversize', 'over size', 'larger than', 'bigger than', 'longer than', 'maximum length'],
);

/** A name that no server has. */
export const NO_SUCH_DOMAIN: readonly string[] = [
  ...near(
    [' domain', ' hostname', ' host name'],
    [
      'unknown',
      'not found',
      'not be found',
      'not exist',
      'nt exist',
      'nonexist',
      'non exist',
      'invalid',
      'not valid',
      'not known',
      'unresolv',
      'not resolv',
    ],
  ),
  ...near(
    ['no such', 'unknown', 'invalid', 'nonexist', 'non exist', ...UNABLE.map((unable) => `${unable} find`)],
    [' domain', ' hostname', ' host name'],
  ),
  ' host ‥ is unknown',
  ' host … not found',
  ' host ‥ does not exist',
  ' host ‥ doesnt exist',
  ...near(['mx or srv', 'mx or a', 'no mx', 'no mail exchanger'], ['record', 'service']),
  'no smtp service',
];

const SERVERS: readonly string[] = [' server', ' host', ' exchanger', ' gateway', ' peer', ' destination', ' system', ' mx '];

/** A server that cannot be talked to. */
export const SILENT_SERVER: readonly string[] = [
  ...near(SERVERS, [
    'not respond',
    'nt respond',
    'not answer',
    'nt answer',
    'no answer',
    'not reachable',
    'unreachable',
    'unavailable',
    'not available',
    'not be contacted',
    'not be reached',
    'nt be contacted',
    'nt be reached',
    'offline',
    'overload',
    'hung up',
    'disconnected',
    'went away',
    'closed the',
  ]),
  ...SERVERS.map((server) => `${server} … be contacted`),
  ...UNABLE.flatMap((unable) => ['contact', 'reach', 'talk to'].flatMap((verb) => near([`${unable} ${verb}`], SERVERS))),
  ...near([' greeting', ' banner'], ['failed', 'never', 'not received', 'missing', 'timeout']),
];

/** Too much at once. */
export const TOO_MUCH: readonly string[] = [
  ...near(
    ['too many', 'too much', 'maximum number of', 'number of'],
    [' connection', ' session', ' recipient', ' transaction', ' attempt', ' request', ' thread', ' concurrent', ' parallel', ' traffic'],
  ),
  ...near(
    ['hourly', 'daily', 'per hour', 'per minute', 'connection', 'session', ' rate ', 'sending', 'concurren'],
    ['limit', 'exceed', 'throttl', 'quota'],
  ),
];

const HEADER_FIELDS: readonly string[] = [
  ' subject',
  ' header',
  ' date field',
  ' date line',
  ' message id',
  ' from line',
  ' from field',
  ' to field',
  ' to line',
];

/** A header field that the receiver does not take. */
export const BAD_HEADER: readonly string[] = [
  ...near(HEADER_FIELDS, [
    'missing',
    'absent',
    'required',
    'invalid',
    'malformed',
    'too long',
    'duplicate',
    'empty',
    'illegal',
    'more than once',
  ]),
  ...near(['no ', 'missing', 'invalid', 'malformed', 'duplicate', 'empty', 'illegal', 'multiple', 'repeated'], HEADER_FIELDS),
];

/** Mail for somewhere else is not passed on. */
export const NO_RELAY: readonly string[] = near(['not', 'nt', 'cannot', 'refuse', 'unable', 'denied', 'prohibit', 'forbid'], [' relay']);

/** The person who has the mailbox takes no mail from this sender. */
export const UNWILLING_PERSON: readonly string[] = near(
  [' recipient', ' user', ' receiver', ' addressee', ' person', ' owner'],
  ['not want', 'nt want', 'not wish', 'declin'],
);
