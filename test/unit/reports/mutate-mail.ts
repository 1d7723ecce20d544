/** Damages raw messages at random, repeatably: the same seed makes the same message. Also used by the soak test. */

/** A small repeatable source of numbers in [0, 1) (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Mutation = (raw: Uint8Array, other: Uint8Array, random: () => number) => Uint8Array;

function spliced(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function at(raw: Uint8Array, random: () => number): number {
  return Math.floor(random() * (raw.length + 1));
}

const NASTY = [
  '--',
  '\r\n\r\n',
  '\r',
  '\0\0\0',
  'Content-Type: multipart/mixed; boundary=""\n\n',
  'Content-Type: message/rfc822\n\n',
  '=?utf-8?B?////?=',
  '=?x?Q?=?=?=',
  '@@@@@<<<<>>>>',
  '550-5.1.1-',
  '((((((((((',
  '\\x{10FFFFFF}',
  'Final-Recipient: rfc822;\n',
  '\u{1f408}'.repeat(50),
];

const MUTATIONS: readonly Mutation[] = [
  (raw, _, random) => raw.slice(0, at(raw, random)),
  (raw, _, random) => raw.slice(at(raw, random)),
  (raw, other, random) => spliced(raw.slice(0, at(raw, random)), other.slice(at(other, random))),
  (raw, _, random) => {
    const from = at(raw, random);
    const piece = raw.slice(from, from + Math.floor(random() * 400));
    return spliced(raw.slice(0, from), piece, piece, piece, raw.slice(from));
  },
  (raw, _, random) => {
    const copy = raw.slice();
    for (let i = 0; i < 1 + random() * 40 && copy.length > 0; i++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
    return copy;
  },
  (raw, _, random) => {
    const nasty = NASTY[Math.floor(random() * NASTY.length)] ?? '';
    const where = at(raw, random);
    return spliced(raw.slice(0, where), Buffer.from(nasty.repeat(1 + Math.floor(random() * 20))), raw.slice(where));
  },
  (raw, _, random) => {
    const from = at(raw, random);
    return spliced(raw.slice(0, from), raw.slice(from + Math.floor(random() * 300)));
  },
  (raw) => new Uint8Array(Buffer.from(Buffer.from(raw).toString('latin1').replace(/\r?\n/g, '\r'), 'latin1')),
];

/** One to three damages of one of the samples. */
export function mutatedMail(samples: readonly Uint8Array[], seed: number): Uint8Array {
  const random = randomOf(seed);
  const pick = () => samples[Math.floor(random() * samples.length)] ?? new Uint8Array(0);
  let raw = pick();
  for (let round = 0; round < 1 + random() * 2; round++) {
    raw = (MUTATIONS[Math.floor(random() * MUTATIONS.length)] ?? ((bytes) => bytes))(raw, pick(), random);
  }
  return raw;
}

/** Messages made to be expensive, each with its name. */
export function hostileMails(): readonly (readonly [string, Uint8Array])[] {
  const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'));
  const nested = (count: number): string => {
    const lines: string[] = ['From: MAILER-DAEMON@x.example', 'Subject: Undelivered'];
    for (let i = 0; i < count; i++) lines.push(`Content-Type: multipart/mixed; boundary=b${i}`, '', `--b${i}`);
    return `${lines.join('\n')}\nContent-Type: text/plain\n\n<a@b.example>: 550 gone\n`;
  };
  const daemon = 'From: MAILER-DAEMON@x.example\nSubject: Undelivered Mail\n\n';
  const parts = Array.from({ length: 10_000 }, (_, i) => `--p\nContent-Type: text/plain\n\npart ${i}\n`).join('');
  const groups = Array.from(
    { length: 20_000 },
    (_, i) => `Final-Recipient: rfc822; a${i}@b.example\nAction: failed\nStatus: 5.1.1\n\n`,
  ).join('');
  const heads = Array.from({ length: 20_000 }, (_, i) => `<a${i}@b.example>: 550 gone\n`).join('');
  return [
    ['a body of 50 MB', text(`${daemon}<a@b.example>: 550 gone\n\n${'x'.repeat(79)}\n`.padEnd(50_000_000, 'lorem ipsum dolor\n'))],
    ['10,000 nested multiparts', text(nested(10_000))],
    ['10,000 nested messages', text(`${'Content-Type: message/rfc822\n\n'.repeat(10_000)}<a@b.example>: 550 gone\n`)],
    ['10,000 parts', text(`From: postmaster@x.example\nContent-Type: multipart/mixed; boundary=p\n\n${parts}`)],
    ['one line of 1 MB', text(`${daemon}<a@b.example>: ${'550 '.repeat(262_144)}`)],
    ['1 MB of at signs', text(`${daemon}${'@'.repeat(1_048_576)}`)],
    ['1 MB of a@', text(`${daemon}${'a@'.repeat(524_288)}`)],
    ['1 MB of angle brackets', text(`${daemon}${'<'.repeat(1_048_576)}`)],
    ['1 MB of brackets around at signs', text(`${daemon}${'<@'.repeat(524_288)}`)],
    ['1 MB of spaces', text(`${daemon}said:${' '.repeat(1_048_576)}550`)],
    ['1 MB of blank lines', text(`${daemon}${'\n'.repeat(1_048_576)}550 gone`)],
    ['1 MB of dashes', text(`${daemon}${'-'.repeat(1_048_576)}`)],
    ['lines of dashes', text(`${daemon}${'------------------------------\n'.repeat(40_000)}`)],
    [
      'boundary lookalikes',
      text(`From: postmaster@x.example\nContent-Type: multipart/mixed; boundary=p\n\n${'--p--q\n--p'.repeat(90_000)}`),
    ],
    ['a header of 1 MB', text(`From: MAILER-DAEMON@x.example\nSubject: ${'=?utf-8?Q?a?= '.repeat(75_000)}\n\n550 gone`)],
    ['100,000 header fields', text(`${'X-A: b\n'.repeat(100_000)}From: MAILER-DAEMON@x.example\n\n550 gone`)],
    ['folded headers without end', text(`From: MAILER-DAEMON@x.example\nX: a\n${' b\n'.repeat(300_000)}`)],
    [
      'a Content-Type of 1 MB',
      text(`From: postmaster@x.example\nContent-Type: multipart/mixed; ${'boundary="a\\'.repeat(95_000)}\n\n--a\n`),
    ],
    [
      'recipients without end in a status part',
      text(`From: postmaster@x.example\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\n${groups}`),
    ],
    ['recipients without end in a text', text(`${daemon}${heads}`)],
    [
      'markup without end',
      text(`From: postmaster@x.example\nSubject: Undelivered\nContent-Type: text/html\n\n${'<script><!--<a href="'.repeat(50_000)}`),
    ],
    [
      'quoted-printable without end',
      text(`${daemon.replace('\n\n', '\nContent-Transfer-Encoding: quoted-printable\n\n')}${'=3D=\n= \t='.repeat(110_000)}`),
    ],
    [
      'a transcript without end',
      text(`${daemon}   ----- Transcript of session follows -----\n${'>>> RCPT To:<a@b.example>\n<<< 550-a\n'.repeat(30_000)}`),
    ],
    ['JSON without end', text(`From: no-reply@sns.example\n\n{"notificationType":${'['.repeat(200_000)}}`)],
    ['open parentheses', text(`${daemon}<a@b.example> ${'(reason: ('.repeat(100_000)}`)],
  ];
}
