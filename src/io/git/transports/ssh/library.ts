/** The SSH library, in a bundle of its own: it is loaded only where an address needs it. */
import ssh2 from 'ssh2';

export const { Client } = ssh2;
