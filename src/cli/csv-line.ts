/** One line of CSV without its end (RFC 4180): values with commas, quotes or line breaks stand in quotes. Nothing else is done to them. */
export function csvLine(values: readonly (string | null)[]): string {
  return values.map((value) => (value !== null && /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : (value ?? ''))).join(',');
}
