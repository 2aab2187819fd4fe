/** A certificate that signs itself, as a company's own authority would be trusted: in DER by hand (RFC 5280). */
import { generateKeyPairSync, sign } from 'node:crypto';

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export function makeCertificate(names: readonly string[]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex')); // ecdsa-with-SHA256
  const commonName = der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('model-mirror test')));
  const name = der(0x30, der(0x31, commonName));
  const validity = der(0x30, time('20200101000000Z'), time('21200101000000Z'));
  const isAuthority = extension('0603551d13', der(0x30, der(0x01, Buffer.from([0xff]))));
  const subjectNames = extension('0603551d11', der(0x30, ...names.map((one) => der(0x82, Buffer.from(one)))));
  const content = der(
    0x30,
    der(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('020101', 'hex'),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, isAuthority, subjectNames)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey));
  const base64 = der(0x30, content, algorithm, signature).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.trim()}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function time(text: string): Buffer {
  return der(0x18, Buffer.from(text));
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, Buffer.from(id, 'hex'), der(0x04, value));
}
