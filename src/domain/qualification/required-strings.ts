/*
 * What a text must contain for a regular expression of RE2's syntax to match it at all. Asking for a string is a hundred times cheaper than asking
 * the expression, and almost every expression of a user has words in it that almost every text lacks.
 *
 * Strings are of ASCII and in small letters: to be looked for in the text written small. Whatever is not understood requires nothing, so that a
 * mistake could only cost time; where the syntax itself is not understood, nothing at all is said.
 */

/** Any of these must be contained. */
export type AnyOf = readonly string[];

class NotUnderstood extends Error {}

const ASCII_LITERAL = /^[\x20-\x7e]$/;
const REPEAT = /^\{(\d+)(?:,\d*)?\}/;
const FLAGS = /^\(\?[imsU]*(?:-[imsU]+)?(?<end>[:)])/;
const NAMED = /^\(\?P?<[A-Za-z_]\w*>/;
const HEX = /^\\x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]+\})/;
const PROPERTY = /^\\[pP](?:[A-Z]|\{\^?\w+\})/;
/** Classes and places: they stand for no letter of their own. */
const CLASS_OR_PLACE = /^\\[dDsSwWbBAzntrfva]/;
const ESCAPED_SIGN = /^\\([^A-Za-z0-9])/;
const BRACKET = /^\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]/s;
const MOST_STRINGS = 16;
const MOST_LOOKS = 4;

/** The longer its shortest string, the fewer texts hold one of them. */
function weight(strings: AnyOf): number {
  return Math.min(...strings.map(({ length }) => length)) - strings.length / MOST_STRINGS;
}

function rarest(required: readonly AnyOf[]): readonly AnyOf[] {
  return [...required].sort((one, other) => weight(other) - weight(one)).slice(0, MOST_LOOKS);
}

class Reader {
  readonly #regex: string;
  #at = 0;

  constructor(regex: string) {
    this.#regex = regex;
  }

  get ended(): boolean {
    return this.#at >= this.#regex.length;
  }

  /** Up to the bracket that closes, or the end. */
  alternatives(): readonly AnyOf[] {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    const [only] = branches;
    if (only !== undefined && branches.length === 1) return only;
    const bests = branches.map((required) => rarest(required)[0] ?? null);
    const any = bests.flatMap((best) => best ?? []);
    return bests.includes(null) || any.length > MOST_STRINGS ? [] : [any];
  }

  #sequence(): readonly AnyOf[] {
    const required: AnyOf[] = [];
    let run = '';
    const end = () => {
      if (run !== '') required.push([run.toLowerCase()]);
      run = '';
    };
    while (!this.ended && !this.#sees('|') && !this.#sees(')')) {
      const atom = this.#atom();
      const times = this.#repeat();
      if (typeof atom === 'string' && times === 'once') {
        run += atom;
        continue;
      }
      if (typeof atom === 'string' && times === 'more') run += atom;
      end();
      if (typeof atom === 'object' && times !== 'maybe') required.push(...atom);
    }
    end();
    return required;
  }

  /** A letter that stands for itself, or what a group requires. */
  #atom(): string | readonly AnyOf[] {
    if (this.#sees('(')) return this.#group();
    if (this.#skip(BRACKET) || this.#skip(HEX) || this.#skip(PROPERTY) || this.#skip(CLASS_OR_PLACE)) return [];
    const escaped = this.#skip(ESCAPED_SIGN)?.[1];
    if (escaped !== undefined) return ASCII_LITERAL.test(escaped) ? escaped : [];
    if (this.#sees('\\') || this.#sees('[')) throw new NotUnderstood();
    const sign = String.fromCodePoint(this.#regex.codePointAt(this.#at) ?? 0);
    this.#at += sign.length;
    if ('.^$'.includes(sign)) return [];
    if ('*+?'.includes(sign)) throw new NotUnderstood();
    return ASCII_LITERAL.test(sign) ? sign : [];
  }

  #group(): readonly AnyOf[] {
    const flags = this.#skip(FLAGS);
    if (flags?.groups?.end === ')') {
      // It would repeat what stands before the flags.
      if (/^[*+?{]/.test(this.#regex.slice(this.#at))) throw new NotUnderstood();
      return [];
    }
    if (!flags && !this.#skip(NAMED)) {
      this.#at += 1;
      if (this.#sees('?')) throw new NotUnderstood();
    }
    const inside = this.alternatives();
    if (!this.#take(')')) throw new NotUnderstood();
    return inside;
  }

  #repeat(): 'once' | 'more' | 'maybe' {
    const counted = this.#skip(REPEAT);
    const least = counted ? Number(counted[1]) : this.#take('+') ? 1 : this.#take('*') || this.#take('?') ? 0 : null;
    if (least === null) return 'once';
    this.#take('?');
    if (this.#sees('*') || this.#sees('+') || this.#sees('?')) throw new NotUnderstood();
    return least > 0 ? 'more' : 'maybe';
  }

  #sees(sign: string): boolean {
    return this.#regex.startsWith(sign, this.#at);
  }

  #take(sign: string): boolean {
    const taken = this.#sees(sign);
    if (taken) this.#at += sign.length;
    return taken;
  }

  #skip(shape: RegExp): RegExpExecArray | null {
    const found = shape.exec(this.#regex.slice(this.#at));
    if (found) this.#at += found[0].length;
    return found;
  }
}

/**
 * Strings that a text must contain for the expression to match it, in small letters: of each list any one. Empty where none can be named.
 *
 * @param regex compiles as RE2
 */
export function requiredStrings(regex: string): readonly AnyOf[] {
  try {
    const reader = new Reader(regex);
    const required = reader.alternatives();
    return reader.ended ? rarest(required) : [];
  } catch (error) {
    if (error instanceof NotUnderstood) return [];
    throw error;
  }
}
