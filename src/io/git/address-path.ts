/** Escapes in the address of a repository. */
import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';

/**
 * @param text a part of the address, such as its path.
 * @throws Fault when it cannot be decoded.
 */
export function decodePart(text: string, address: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault(
      'usage',
      safe`${quote(address)} has a percent sign that is not the start of an escape such as %20`,
      safe`write %25 for a percent sign in a name`,
    );
  }
}
