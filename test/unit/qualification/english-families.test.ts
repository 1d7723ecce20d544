import { describe, expect, it } from 'vitest';
import { eachWording, meaningOf, type Wordings } from './meaning-of.ts';

const EXPECTED: Wordings = {
  'HARD USER_UNKNOWN': [
    '550 this addressee could not be located',
    '550 the subscriber is not registered with us any more',
    '550 "The recipient cannot be verified. Check the list of recipients"',
    '550 Recipient ann is not in route list',
    '550 There is nobody with that name in our house',
    '550 Never heard of this one',
    '550 Utilizador desconhecido',
    '550 Destinataire non reconnu',
    '550 ann: no such box',
    "550 Cette adresse n'est plus utilisée",
    '550 ユーザーがいません',
    '550 We do not know anyone called ann',
    '550 <ann@firm.example> recipient could not be resolved',
    '550 permanent failure for one or more recipients (ann@firm.example:550 5.1.1 User unknown)',
  ],
  'SOFT ACCOUNT_DISABLED': [
    '550 5.1.1 The status of the account ann is locked',
    '550 The mail account ann@firm.example is not currently switched on',
    '550 5.1.1 The mailbox that you have tried to write to has been locked',
    '550 the mailbox is blocked for the time being by its administrator',
    '550 Account non attivo',
    '550 inaktives Konto',
    '550 Buzón dado de baja',
    '550 this inbox was cancelled by its owner',
    '550 Dit account is geblokkeerd',
  ],
  'SOFT MAILBOX_FULL': [
    "X-Notes; the recipient's mail file is over its quota",
    'cannot update mailbox /var/mail/ann for user ann. error writing message: File too large',
    '552 This mailbox cannot hold any more mail',
    'The recipient has no more disk space',
    'The mail folder of ann is over its size limit',
    '552 disk full for user ann',
    '550 the box of ann is full',
  ],
  'SOFT INVALID_DOMAIN': [
    'an MX or SRV record indicated no SMTP service',
    'SMTP module(domain firm.example) reports: host name is unknown',
    'queryMx ENODATA firm.example',
    'smtp; The domain you write to was not found',
    'Host mx.firm.example not found',
    "550 5.1.2 Bad destination host 'DNS Hard Error looking up firm.example (MX): NXDomain'",
  ],
  'SOFT UNREACHABLE': [
    'mailbox is locked (lock file /var/mail/ann.lock)',
    'Connected to 192.0.2.1 but greeting failed.',
    'The mail server of the recipient could not be contacted',
    '421 #4.4.5 Too many TCP connections from your host.',
    '451 4.5.0 Error in processing, virus_scan FAILED',
    'getaddrinfo EAI_AGAIN mx.firm.example',
    '550 message too old',
    'The domain of this gateway had an outage',
    '554 5.3.0 the agent for local mail failed',
    'Maximum retries reached',
    '553 that domain is not allowed to be relayed through here',
    '450 MI:CEL mx7',
  ],
  'SOFT REFUSED': [
    '550 HELO should be a fully qualified name',
    '550 The originator of this mail is not trusted',
    '550 Posts here are for members',
    '550 zip archives are refused',
    '550 the subject is missing',
    '550 Refusing what comes from there',
    '552 La taille du message depasse ce qui est permis',
    '553 MI:STL 126 mx1',
    '550 End-user ranges are blocked',
    '550 The receiver does not want this',
    '550 Only moderators may post',
    '550 Wiadomość zawiera wirusa',
  ],
};

describe('a clause of a known name and a known verb', () => {
  it.each(eachWording(EXPECTED))('%s means %s', (text, meaning) => {
    expect(meaningOf(text)).toBe(meaning);
  });

  it.each([
    '550 5.1.7 <news@shop.example>: Sender address rejected: undeliverable address: host mx.shop.example said: 550 5.1.1 User unknown',
    '550 the address of your server is not registered',
    '550 Unknown address error 550-access denied',
    '451 the addressee could not be located',
    '450 4.1.1 user unknown for the moment',
    '450 4.1.1 the recipient address could not be verified yet',
    '550 You are not a registered user of this relay',
    '550 the account you are sending from does not exist',
    '554 home directory of the user not found',
    '550 5.7.1 Unauthenticated user unknown to us',
    '550 user deleted your address from the list',
    '550 Address of the originator not valid',
    '550 5.1.2 The domain of the recipient cannot be resolved',
    '550 5.3.2 Missing or bad mailbox database',
    '550 Die Nachricht wurde vom Empfänger abgelehnt',
    '550 the account is no longer activated',
    '550 5.7.1 this subscriber is not registered',
    '552 Die Größe der Nachricht überschreitet das Limit',
  ])('suppresses nobody where it speaks of something else: %s', (text) => {
    expect(meaningOf(text)).not.toMatch(/^HARD/);
  });

  it('leaves the size of a mailbox to the mailbox', () => {
    expect(meaningOf('552 邮箱大小超过限制')).toBe('SOFT MAILBOX_FULL');
    expect(meaningOf('552 邮件大小超过限制')).toBe('SOFT REFUSED');
  });
});

describe('a remark without a reply code', () => {
  it('is judged by its single words where it is short', () => {
    expect(meaningOf('The gateway lost it')).toBe('SOFT UNREACHABLE');
  });

  it('is left to a person where it is long, and never suppresses anybody', () => {
    expect(meaningOf(`The gateway lost it, ${'as far as anyone here can tell, '.repeat(5)}`)).toBe('UNDEFINED UNDEFINED');
    expect(meaningOf('The login was not recognised')).toBe('UNDEFINED UNDEFINED');
  });
});
