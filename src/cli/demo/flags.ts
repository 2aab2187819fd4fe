import type { DemoModeName } from '../../demo/demo-modes.ts';

/** The flags of `demo`. */
export interface DemoFlags {
  readonly keep?: boolean;
  readonly manifests?: boolean;
  readonly play?: boolean;
  readonly mode: DemoModeName;
}
