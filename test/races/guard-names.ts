import { createKeyRing } from '../../src/kernel/keys.ts';

/** The ring that all processes of a test share. */
export const guardKeys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('portcullis test key, 32 bytes ok') }] });
export const attacker = '192.0.2.1';
