/**
 * Words by which "unknown", "no such domain" or "disabled" speak of the sender. Not `sender` alone: reports also say
 * "returning message to sender".
 */
export const ABOUT_SENDER: readonly string[] = [
  'sender address',
  'sender email',
  'sender domain',
  'senders domain',
  'senders address',
  'senders email',
  'domain of sender',
  'sender verif',
  'sender host',
  'sender is ',
  'sender does',
  'sender not ',
  'sender reject',
  'sender refus',
  'sender denied',
  'sender unknown',
  'sender invalid',
  'sender blocked',
  'invalid sender',
  'unknown sender',
  'from sender',
  'for sender',
  'envelope sender',
];
