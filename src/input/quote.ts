/**
 * What may be shown of a text from a file: on one line, short, and without what lets one in by a URI: a
 * user and a password, or a signature. Argo CD shows messages in its UI, and terminals obey control characters.
 */
export function quote(text: string): string {
  const safe = hideCredentials(text);
  return escapeControls(JSON.stringify(safe.length > 120 ? `${safe.slice(0, 120)}…` : safe));
}

/** The same for a text that stands in a message without quotes. */
export function mask(text: string): string {
  return escapeControls(hideCredentials(text));
}

/**
 * A password may hold an @ or a slash: all goes, up to the last @ of the word. Addresses that are signed
 * have what lets one in behind the question mark, as X-Amz-Signature, sig (Azure) or token.
 */
export function hideCredentials(text: string): string {
  return text
    .replace(/\/\/[^\s"]*@/g, '//…@')
    .replace(/([?&][\w.-]*(?:sig|token|secret|password|credential|key)[\w.-]*=)[^\s"'&#]+/gi, '$1…');
}

function escapeControls(text: string): string {
  return text.replace(
    /\p{Cc}|[\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
