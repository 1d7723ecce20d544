/** The words of an HTML report, with line breaks where a browser would break, in time linear in the text. */

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  shy: '',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  ecirc: 'ê',
  agrave: 'à',
  acirc: 'â',
  ccedil: 'ç',
  ocirc: 'ô',
  ucirc: 'û',
  ugrave: 'ù',
  icirc: 'î',
  aacute: 'á',
  iacute: 'í',
  oacute: 'ó',
  uacute: 'ú',
  ntilde: 'ñ',
  atilde: 'ã',
  otilde: 'õ',
  rsquo: '’',
  lsquo: '‘',
  ldquo: '“',
  rdquo: '”',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  commat: '@',
};

function entity(name: string): string | null {
  const known = ENTITIES[name];
  if (known !== undefined) return known;
  const code =
    name.startsWith('#x') || name.startsWith('#X')
      ? Number.parseInt(name.slice(2), 16)
      : name.startsWith('#')
        ? Number.parseInt(name.slice(1), 10)
        : Number.NaN;
  return Number.isNaN(code) || code > 0x10ffff || code === 0 || (code >= 0xd800 && code <= 0xdfff) ? null : String.fromCodePoint(code);
}

const BREAKING = /^\/?(?:br|p|div|tr|li|ul|ol|h[1-6]|table|hr|blockquote|pre|td|th|title)\b/i;
const HIDDEN = /^(style|script|head)\b/i;

/** Finds where hidden parts end; what was not found once is not sought again, so that no markup costs more than one pass a mark. */
class EndFinder {
  readonly #lower: string;
  readonly #missing = new Set<string>();

  constructor(html: string) {
    this.#lower = html.toLowerCase();
  }

  /** Behind the next `mark`, or `from` itself where there is none. */
  after(mark: string, from: number): number {
    if (this.#missing.has(mark)) return from;
    const found = this.#lower.indexOf(mark, from);
    if (found !== -1) return found + mark.length;
    this.#missing.add(mark);
    return from;
  }
}

/** Text of HTML: tags gone, entities read, `<ann@example.com>` that nobody escaped kept. */
export function htmlToText(html: string): string {
  const ends = new EndFinder(html);
  const out: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    out.push(open === -1 ? html.slice(at) : html.slice(at, open));
    if (open === -1) break;
    const close = html.indexOf('>', open + 1);
    if (close === -1) {
      out.push(html.slice(open));
      break;
    }
    const tag = html.slice(open + 1, Math.min(close, open + 300));
    at = close + 1;
    if (/^[^\s"'=/:]{1,200}@[^\s"'=/]{1,200}$/.test(tag)) out.push(`<${tag}>`);
    else if (tag.startsWith('!--')) at = ends.after('-->', open + 1);
    else if (HIDDEN.test(tag)) at = ends.after('>', ends.after(`</${HIDDEN.exec(tag)?.[1]?.toLowerCase() ?? ''}`, at - 1));
    else if (BREAKING.test(tag)) {
      out.push('\n');
      // A browser shows the line end of the source as a space: behind <br> it must not make a paragraph.
      if (/^\/?br\b/i.test(tag) && html.startsWith('\n', at)) at += 1;
    }
  }
  return out
    .join('')
    .replace(/&(#?\w{1,10});?/g, (all, name: string) => entity(name) ?? all)
    .replace(/[ \t\u00a0]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n');
}
