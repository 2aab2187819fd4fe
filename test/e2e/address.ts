export interface Address {
  readonly host: string;
  readonly port: number;
}

/** @param text `IP:PORT`; anything else throws. */
export function toAddress(text: string): Address {
  const [, host, port] = /^([\w.-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw new Error(`not an IP:PORT: ${text}`);
  return { host, port: Number(port) };
}
