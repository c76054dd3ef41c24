import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createKeyRing, type RecordStore } from 'portcullis';
import { createTotp } from 'portcullis/totp';
import { accountId, keyOf, recordKey, setup } from './setup.ts';

/** The forms in which a secret could get out. */
function formsOf(base32Groups: string): readonly string[] {
  const base32 = base32Groups.replaceAll(' ', '');
  const bits = Array.from(base32).map((char) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(char).toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return [base32, base32Groups, base32.toLowerCase(), bytes.toString('hex'), bytes.toString('base64').replaceAll('=', ''), bytes.toString('base64url'), bytes.toString('latin1')];
}

// ASVS 5.0 16.2.5, 16.5.1
describe('what leaves the piece after the enrollment was shown', () => {
  it('has no secret, no code and no URI in it: events, answers, records, errors', async () => {
    const self = setup({ maxFailures: 5, maxKnownFailures: 5 });
    const codes: string[] = [];
    const secrets: string[] = [];
    const told: unknown[] = [];
    const errors: unknown[] = [];
    const tell = async (answer: Promise<unknown>): Promise<void> => {
      told.push(await answer.catch((error: unknown) => errors.push(error)));
    };
    const code = (stepsAhead = 0): string => {
      codes.push(self.code(stepsAhead));
      return self.code(stepsAhead);
    };

    const begun = await self.totp.enroll({ accountId, accountName: 'ada@example.com', name: 'phone', source: 'Firefox' });
    if (!begun.ok) throw new Error(begun.reason);
    self.secret = begun.secret;
    secrets.push(begun.secret, 'JBSW Y3DP EHPK 3PXP');
    const confirmation = { accountId, factorId: begun.factorId, code: code() };
    await tell(self.totp.confirm(confirmation));
    await tell(self.totp.confirm(confirmation));
    await tell(self.totp.import({ accountId, secret: 'JBSW Y3DP EHPK 3PXP' }));
    await tell(self.verify(code()));
    await self.clock.advance(30_000);
    await tell(self.verify(code()));
    for (let turn = 0; turn < 7; turn += 1) {
      await tell(self.verify(self.wrongCode()));
      await self.clock.advance(3_600_000);
    }
    await tell(self.totp.list(accountId));
    await tell(self.totp.suspend({ accountId, factorId: begun.factorId }));
    await tell(self.totp.restore({ accountId, factorId: begun.factorId }));

    const stranger = setup({ records: self.records, clock: self.clock, keys: createKeyRing({ keys: [keyOf('k2')] }) });
    await tell(stranger.verify(code()));
    const gone: RecordStore = { durable: true, read: (key) => self.records.read(key), compareAndSet: async () => Promise.reject(new Error('disk full')), watch: () => () => undefined };
    const crowded: RecordStore = { ...gone, compareAndSet: async () => Promise.resolve(false) };
    const broken: RecordStore = { ...gone, read: async () => Promise.resolve({ value: JSON.stringify({ factors: [{ secret: begun.secret }] }), version: 1 }) };
    for (const records of [gone, crowded, broken]) {
      const totp = createTotp({ keys: createKeyRing({ keys: [keyOf('k1')] }), records, issuer: 'ACME', clock: self.clock });
      await tell(totp.verify({ accountId, code: code() }));
      await tell(totp.verify({ accountId, code: self.wrongCode() }));
      await tell(totp.enroll({ accountId, accountName: 'ada@example.com' }));
    }
    await tell(self.totp.remove({ accountId, factorId: begun.factorId }));

    expect(new Set([...self.events, ...stranger.events].map(({ type }) => type))).toEqual(new Set(['factor.replayed', 'factor.disabled', 'factor.unreadable']));
    expect(errors).toHaveLength(9);
    const seen = inspect([told, errors, self.events, stranger.events, (await self.records.read(recordKey))?.value], { depth: 20, maxStringLength: null, maxArrayLength: null, showHidden: true });
    for (const secret of secrets) for (const form of formsOf(secret)) expect(seen).not.toContain(form);
    // Stacks have line numbers and times of six digits, so a code is looked for as a text of its own.
    for (const each of codes) expect(seen).not.toMatch(new RegExp(`(?<![0-9])${each}(?![0-9])`));
    expect(seen).not.toMatch(/otpauth|<svg|data:image/);
  });
});
