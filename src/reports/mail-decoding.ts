/**
 * Undoes what mail does to text: transfer encodings, character sets, encoded words.
 *
 * Bytes travel as "binary strings" (one character a byte) until the character set is known. Nothing here throws: what cannot be
 * decoded comes back as well as it can be read.
 */

type Decoder = InstanceType<typeof TextDecoder>;

const NON_ASCII = /[^\u0000-\u007f]/;
const ISO_2022_ESCAPE = /\u001b[$(][@-Z]/;

const decoders = new Map<string, Decoder | null>();

/** Labels that mail uses and the WHATWG list does not know. */
const CHARSET_ALIASES: Readonly<Record<string, string>> = {
  'us-ascii7': 'us-ascii',
  '7bit': 'us-ascii',
  '8bit': 'utf-8',
  cp932: 'shift_jis',
  'ms-kanji': 'shift_jis',
  'iso-2022-jp-1': 'iso-2022-jp',
  'iso-2022-jp-2': 'iso-2022-jp',
  'iso-2022-jp-ms': 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  cp936: 'gbk',
  cp949: 'euc-kr',
  cp950: 'big5',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1252: 'windows-1252',
  utf8mb4: 'utf-8',
  'utf-8-mac': 'utf-8',
  'x-mac-roman': 'macintosh',
};

function decoderFor(charset: string): Decoder | null {
  const label = charset.trim().toLowerCase();
  const known = decoders.get(label);
  if (known !== undefined) return known;
  let decoder: Decoder | null = null;
  try {
    decoder = new TextDecoder(CHARSET_ALIASES[label] ?? label);
  } catch {
    decoder = null;
  }
  // A hostile sender can name any number of character sets.
  if (decoders.size < 200) decoders.set(label, decoder);
  return decoder;
}

const C1_OF_WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Node 20 reads windows-1252 as ISO 8859-1, which turns its quotes and dashes into control characters. */
function decodeWindows1252(binary: string): string {
  return binary.replace(/[\u0080-\u009f]/g, (c) => C1_OF_WINDOWS.charAt(c.charCodeAt(0) - 0x80));
}

/** A whole message that some program saved as UTF-16, as the UTF-8 that mail is made of; known by its mark in front. */
export function withoutUtf16(bytes: Buffer): Buffer {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (mark !== 0xfffe && mark !== 0xfeff) return bytes;
  const whole = Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)));
  return Buffer.from((mark === 0xfeff ? whole.swap16() : whole).toString('utf16le'), 'utf8');
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function tryStrict(decoder: Decoder, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

let strictGb18030: Decoder | null = null;

/** True where most bytes above 127 stand in pairs, as double-byte text does and Latin text does not. */
function looksDoubleByte(binary: string): boolean {
  const high = binary.match(/[\u0080-\u00ff]/g)?.length ?? 0;
  const paired = (binary.match(/[\u0081-\u00fe]{2}/g)?.length ?? 0) * 2;
  return high > 8 && paired >= high * 0.9;
}

/** Text of bytes whose character set is not said or not known: UTF-8, ISO-2022-JP, a double-byte set, else windows-1252. */
function guessText(binary: string): string {
  if (ISO_2022_ESCAPE.test(binary)) return decoderFor('iso-2022-jp')?.decode(Buffer.from(binary, 'latin1')) ?? binary;
  if (!NON_ASCII.test(binary)) return binary;
  const bytes = Buffer.from(binary, 'latin1');
  const utf8 = tryStrict(strictUtf8, bytes);
  if (utf8 !== null) return utf8;
  if (looksDoubleByte(binary)) {
    strictGb18030 ??= new TextDecoder('gb18030', { fatal: true });
    const chinese = tryStrict(strictGb18030, bytes);
    if (chinese !== null) return chinese;
  }
  return decodeWindows1252(binary);
}

/** UTF-7, which Exchange writes and the WHATWG list leaves out: runs of base64 UTF-16 between `+` and `-`. */
function decodeUtf7(binary: string): string {
  return binary.replace(/\+([A-Za-z0-9+/]{0,4000})-?/g, (all, run: string) => {
    if (run === '') return all.endsWith('-') ? '+' : all;
    const bytes = Buffer.from(run, 'base64');
    return bytes
      .subarray(0, bytes.length & ~1)
      .swap16()
      .toString('utf16le');
  });
}

/** Text of a binary string in a named character set; an absent, unknown or plainly wrong name is guessed. */
export function decodeCharset(binary: string, charset: string | null): string {
  const label = charset?.toLowerCase() ?? '';
  const claimsAscii = label === '' || label.includes('ascii') || label === 'unknown' || label === 'x-unknown';
  if (!NON_ASCII.test(binary) && !label.startsWith('iso-2022') && !label.startsWith('utf-16') && !label.includes('utf-7')) {
    return ISO_2022_ESCAPE.test(binary) ? guessText(binary) : binary;
  }
  if (claimsAscii) return guessText(binary);
  if (label.includes('utf-7')) return decodeUtf7(binary);
  const decoder = decoderFor(label);
  if (decoder === null) return guessText(binary);
  const bytes = Buffer.from(binary, 'latin1');
  if (decoder.encoding === 'windows-1252') return decodeWindows1252(binary);
  if (decoder.encoding === 'utf-8') return tryStrict(strictUtf8, bytes) ?? guessText(binary);
  return decoder.decode(bytes);
}

/** Undoes quoted-printable on a binary string with LF line ends; malformed escapes stay as they are. */
export function decodeQuotedPrintable(binary: string): string {
  if (!binary.includes('=')) return binary;
  return binary.replace(/=(?:([0-9A-Fa-f]{2})|[ \t]{0,20}(?:\n|$))/g, (_, hex: string | undefined) =>
    hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Undoes base64 on a binary string; foreign characters are skipped. */
export function decodeBase64(binary: string): string {
  return Buffer.from(binary, 'base64').toString('latin1');
}

/** Undoes a Content-Transfer-Encoding; unknown ones are taken as none. */
export function decodeTransfer(binary: string, encoding: string): string {
  const name = encoding.trim().toLowerCase();
  if (name.startsWith('quoted')) return decodeQuotedPrintable(binary);
  if (name.startsWith('base64')) return decodeBase64(binary).replace(/\r\n?/g, '\n');
  return binary;
}

/** Text of a header value: RFC 2047 encoded words and bare 8-bit bytes decoded. */
export function decodeHeaderText(value: string): string {
  const base = NON_ASCII.test(value) || value.includes('\u001b') ? guessText(value) : value;
  if (!base.includes('=?')) return base;
  return base
    .replace(/(\?=)[ \t]+(?==\?)/g, '$1')
    .replace(/=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,8000})\?=/g, (_, charset: string, encoding: string, content: string) => {
      const binary = encoding.toLowerCase() === 'b' ? decodeBase64(content) : decodeQuotedPrintable(content.replace(/_/g, ' '));
      return decodeCharset(binary, charset.split('*')[0] ?? charset);
    });
}
