import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** Base-2 logarithm of scrypt's cost. 14 is Node's default; 11 makes a big seed quick. */
export type ScryptCost = 11 | 14;

/** Hashes the way many apps do: `$scrypt$ln=14,r=8,p=1$salt$hash`, base64. */
export async function hashWithScrypt(password: string, cost: ScryptCost = 14): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, { N: 2 ** cost, r: 8, p: 1 });
  return `$scrypt$ln=${cost},r=8,p=1$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** Whether the password is the one that was hashed; false for a hash that is none of ours. */
export async function verifyWithScrypt(password: string, stored: string): Promise<boolean> {
  const [, cost, salt = '', hash = ''] = /^\$scrypt\$ln=(11|14),r=8,p=1\$([\w+/=]+)\$([\w+/=]+)$/.exec(stored) ?? [];
  if (cost === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'), { N: 2 ** Number(cost), r: 8, p: 1 });
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
