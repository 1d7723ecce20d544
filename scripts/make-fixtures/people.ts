/** Invented people for fixtures and demo data; none of them exists. */
export const FIRST_NAMES = [
  'Nora',
  'Lars',
  'Amina',
  'Tomasz',
  'Ines',
  'Kenji',
  'Maud',
  'Oskar',
  'Priya',
  'Felix',
  'Zoe',
  'Marek',
  'Lucia',
  'Emil',
  'Hanna',
  'Diego',
  'Freya',
  'Yusuf',
  'Clara',
  'Anton',
  'Mireille',
  'Paavo',
  'Sofia',
  'Rafael',
  'Greta',
  'Ivo',
  'Salma',
  'Bruno',
  'Elif',
  'Henrik',
  'Noemi',
  'Otto',
] as const;

export const LAST_NAMES = [
  'Lindholt',
  'Ferrowby',
  'Quillmark',
  'Brandsen',
  'Achterweg',
  'Tamarind',
  'Solvane',
  'Kestrelli',
  'Wiedenau',
  'Marchpane',
  'Oakhollow',
  'Pellerine',
  'Vantongere',
  'Hillesand',
  'Corvello',
  'Thistleby',
  'Nakamori',
  'Ostermund',
  'Reedwater',
  'Fontaigne',
  'Grunewalt',
  'Belacroix',
  'Silverdene',
  'Moorcastle',
  'Drosselhof',
  'Arvidssen',
  'Castelmar',
  'Juniperra',
] as const;

/** A small stable hash (FNV-1a), so that a name stays with its case when others are added. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

/** The local part `first.last` of an invented person, chosen by the text. */
export function personFor(text: string): string {
  const hash = hashText(text);
  const first = FIRST_NAMES[hash % FIRST_NAMES.length] ?? '';
  const last = LAST_NAMES[Math.floor(hash / 64) % LAST_NAMES.length] ?? '';
  return `${first}.${last}`.toLowerCase();
}
