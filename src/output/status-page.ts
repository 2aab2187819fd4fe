import type { ModelStatus } from '../input/schema.ts';

export interface PageModel {
  readonly name: string;
  readonly namespace: string;
  readonly folder: string;
  readonly link: string;
  readonly status: ModelStatus['status'];
}

export function toStatusPage({ models }: { models: readonly PageModel[]; cluster: string | undefined }): string {
  return `${models.map(({ name, status }) => `${name} ${status.primary?.state} ${status.candidate?.state}`).join('\n')}\n`;
}
