/** Raw text, normalised text, recipient: the rows of spec 7.3. */
export const NORMALISED_TEXTS: readonly (readonly [raw: string, normalised: string, recipient?: string])[] = [
  [
    '550 5.1.1 <susan.sarandon@adobe.com>: Recipient address rejected: User unknown in virtual mailbox table',
    '550 5.1.1 <*>: Recipient address rejected: User unknown in virtual mailbox table',
  ],
  ['550 <a.b@example.org> No such user here', '550 <*> No such user here'],
  ['550 <jo@corp.example> unknown mailbox', '550 <*> unknown mailbox'],
  ['550 <mario.rossi@libero.it> recipient rejected', '550 <*> recipient rejected'],
  ['550 <x@y.fr> Relaying denied', '550 <*> Relaying denied'],
  ['554 Denied', '554 Denied'],
  ['421 mx3.example.net Service not available - too busy', '421 #DOMAIN# Service not available - too busy'],
  ['221 smtp-in.orange.fr Service closing transmission channel', '221 #DOMAIN# Service closing transmission channel'],
  ["Echec de la requête DNS sur 'ourdan.com'.", "Echec de la requête DNS sur '#DOMAIN#'."],
  ["DNS query failed for 'ourdan.com'", "DNS query failed for '#DOMAIN#'"],
  ['503 #5.5.1 RCPT first', '503 #5.5.1 RCPT first'],
  ['550 5.2.2 User quota exceeded', '550 5.2.2 User quota exceeded'],
  [
    '550 5.7.1 : Recipient address rejected: Inactive MailBox, not poped for more than 6 months',
    '550 5.7.1 : Recipient address rejected: Inactive MailBox, not poped for more than 6 months',
  ],
  [
    '421 4.16.55 [TS01] Messages from 98.136.216.26 temporarily deferred due to excessive user complaints',
    '421 4.16.55 [TS01] Messages from #IP# temporarily deferred due to excessive user complaints',
  ],
  [
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address.\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser d2e1a72fcca58-6e5b3d0c1a2si123456b3a.12 - gsmtp",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address. 550 5.1.1 #URL# #ID# - gsmtp",
  ],
  [
    "550 5.1.1 'dave@icloud.com': user lookup success but no user record found.",
    "550 5.1.1 '*': user lookup success but no user record found.",
  ],
  [
    '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10',
    '554 5.7.1 Service unavailable; Client host [#IP#] blocked using #DOMAIN#; #URL#',
  ],
  ['451 4.7.1 Greylisted, id 3F2A91BC77D04 try after 300 seconds', '451 4.7.1 Greylisted, id #ID# try after 300 seconds'],
  ['452 4.2.2 … over quota 2021-05-03T10:11:12Z', '452 4.2.2 … over quota #DATE#'],
  ["Message to '3503' pushed to the connector.", "Message to '*' pushed to the connector.", '3503'],
  ["'jane@example.com' sent", "'*' sent"],
  [
    "MTA-740010 Error in delivery part 48213: INT-150012 The HTTP query returned a '503' error",
    "Error in delivery part #ID#: INT-#ID# The HTTP query returned a '503' error",
  ],
  ['Absent subscriber +491511234567 at 12/14/2020 6:55:00 AM', 'Absent subscriber * at #DATE#', '+491511234567'],
  [
    'SR Generic DELIVRD 000|MESSAGE=id:1234567890 sub:001 dlvrd:001 submit date:1608011415 done date:1608011417 stat:DELIVRD err:000 Text:Hello Adobe world',
    'SR Generic DELIVRD 000|#MESSAGE#',
  ],
  ['SR ExampleProvider UNDELIV 042|…', 'SR ExampleProvider UNDELIV 042|#MESSAGE#'],
];

/** The rows of spec 7.4: the first three keys are the vendor's own. */
export const TEXT_KEYS: readonly (readonly [text: string, md5: string])[] = [
  ['Exclusion of duplicates (based on address)', '735055133b1816c7ac5d2d487d4fd131'],
  ['550 "Unknown user"', '8d54d1a1ff4b73384faf3ebcce8b625b'],
  ['The recipient no longer wants to be contacted.', '5ae545690e86f37659b9bbd292ac625f'],
  ['SR Generic DELIVRD 000|#MESSAGE#', '3486135f26e1e951b230576fa6e6947e'],
  ['550 <*> unknown mailbox', '2caa705a62a4f93e7b76267850019a3a'],
  ["'*' sent", 'f5ab2df58701e347290facff0cf796e2'],
];
