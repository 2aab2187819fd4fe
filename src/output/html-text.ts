import { toShown } from './page-text.ts';

/** Text and nothing else, in an element or an attribute. */
export function toHtmlText(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return toShown(text, 600).replace(/[&<>"']/g, (character) => codes[character] ?? '');
}
