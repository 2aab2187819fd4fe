/** Tokens that can be recognized by their format, and credentials after `Bearer`, `Basic` and `-u`. */

/** What is shown instead of a credential. */
export const hidden = '…';

const alphanumeric = /^[A-Za-z0-9]{16}/;
const wordy = /^[\w-]{12}/;

/** Tokens with a known format: the prefix, and what follows it. */
const forms: readonly (readonly [string, RegExp])[] = [
  // AWS
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((prefix) => [prefix, /^[A-Z0-9]{12}/] as const),
  // GitHub, npm, Hugging Face, Docker Hub
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'npm_', 'hf_'].map((prefix) => [prefix, alphanumeric] as const),
  ...['github_pat_', 'dckr_pat_'].map((prefix) => [prefix, wordy] as const),
  // GitLab, Slack, Google, Vault
  ...['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glsoat-', 'glagent-'].map(
    (prefix) => [prefix, wordy] as const,
  ),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-'].map((prefix) => [prefix, wordy] as const),
  ...['AIza', 'ya29.', 'hvs.', 'hvb.'].map((prefix) => [prefix, wordy] as const),
  // OpenAI, Anthropic, PyPI, SendGrid, DigitalOcean, Shopify
  ...['sk-proj-', 'sk-ant-', 'pypi-', 'SG.', 'dop_v1_', 'shpat_'].map((prefix) => [prefix, wordy] as const),
  // JSON Web Tokens
  ['eyJ', /^[\w-]{8}/],
];

/** As in the options of curl. */
const userFlags = /(?:\s-u|--(?:proxy-)?user)[ \t=]\S+/g;
const schemes = /\b(bearer|basic)[ \t]+([^\s"',;]+)/gi;

export function hideTokens(text: string): string {
  const plain = text.replace(/[\w.-]{11,}/g, hideToken).replace(userFlags, (flag) => {
    const colon = flag.indexOf(':');
    return colon < 0 ? flag : flag.slice(0, colon + 1) + hidden;
  });
  return plain.replace(schemes, (all: string, name: string, value: string) => {
    const isProse = /^basic$/i.test(name) ? !/[A-Z\d+/=]/.test(value) : /^(?:tokens?|auth[a-z]*)\b/i.test(value);
    return isProse ? all : `${name} ${hidden}`;
  });
}

function hideToken(run: string): string {
  for (const [prefix, rest] of forms) {
    const at = run.indexOf(prefix);
    const isStart = at === 0 || (at > 0 && /\W/.test(run.charAt(at - 1)));
    if (isStart && rest.test(run.slice(at + prefix.length))) return run.slice(0, at) + hidden;
  }
  return run;
}
