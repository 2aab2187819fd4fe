/** How `demo --play` reports a sync of Argo CD that ends in an error. */

/** The code of what `render` reports where there is no model at all. */
const noModel = '[no-model]';

/**
 * @param complaint what the plugin printed.
 * @param sent how many requests clients have sent: none, as long as there was no model.
 * @returns text for the terminal, and whether something is wrong: that a folder which is new is empty is not.
 */
export function toComplaint(complaint: string, sent: number): { readonly text: string; readonly isWrong: boolean } {
  return sent === 0 && complaint.includes(noModel)
    ? { text: 'There is no model yet. Argo CD applies the first one as soon as it is pushed.', isWrong: false }
    : { text: `Argo CD cannot apply what is in git:\n${complaint.trimEnd()}`, isWrong: true };
}
