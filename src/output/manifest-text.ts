import { stringify } from 'yaml';
import type { Manifest } from '../manifests/manifest.ts';

/** One object as one line of JSON, without the line end. */
export function toJsonText(manifest: Manifest): string {
  return JSON.stringify(manifest);
}

/**
 * One object as a YAML document, with a final line end and without a separator. Texts that YAML 1.1
 * would take for something else (`yes`, `1_000`) are quoted: kubectl and Argo CD read YAML 1.1.
 */
export function toYamlText(manifest: Manifest): string {
  return stringify(manifest, { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
