/** Is there such a day? JavaScript's own parser rolls 30 February over into March. Months and days count from 1. */
export function isDay(year: number, month: number, day: number): boolean {
  return day >= 1 && day <= daysIn(year, month);
}

/** Of the date that a text begins with, such as 2026-05-12; false where it begins with none. */
export function beginsWithDay(text: string): boolean {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(text);
  return parts !== null && isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

function daysIn(year: number, month: number): number {
  const day = new Date(0);
  day.setUTCFullYear(year, month, 0);
  return month >= 1 && month <= 12 ? day.getUTCDate() : 0;
}
