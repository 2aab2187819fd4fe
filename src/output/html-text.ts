import { toShown } from './page-text.ts';

/** Text and nothing else, in an element or an attribute. */
export function toHtmlText(text: string): string {
  return toEscaped(toShown(text, 600));
}

/** An address of our own, whose parts are encoded already, in an attribute: half of it would lead elsewhere. */
export function toHtmlAddress(address: string): string {
  return toEscaped(toShown(address, 4000));
}

function toEscaped(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => codes[character] ?? '');
}
