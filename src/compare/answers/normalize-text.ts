/** What texts have in common that differ in Unicode form, case and white space alone. */
export function normalizeText(text: string): string {
  // In upper case first: only so do `ß` and `ss`, and the two small sigmas, become one.
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.replace(/\s+/g, ' ').trim();
}
