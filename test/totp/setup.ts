import { createHash } from 'node:crypto';
import { createKeyRing, type KeyRing, type RecordStore, type SecurityEvent } from 'portcullis';
import { fakeClock, type FakeClock } from 'portcullis/testing';
import { createTotp, type Totp, type TotpOptions } from 'portcullis/totp';
import { accountRecordKey } from '../../src/kernel/json-record.ts';
import { codeAt } from '../support/person.ts';
import { emptyStore, type StoreName } from '../support/record-stores.ts';

export const accountId = 'user-1';
export const recordKey = accountRecordKey('totp', accountId);
export { emptyStore, stores } from '../support/record-stores.ts';

export function keyOf(id: string): { readonly id: string; readonly secret: Uint8Array } {
  return { id, secret: Uint8Array.from({ length: 32 }, (_, at) => (at * 11 + id.length * 7 + id.charCodeAt(0)) % 256) };
}

let drawn = 0;

/** Bytes that are others at each call and the same in each run: no code is right by chance once in a thousand runs. */
function drawnBytes(sizeBytes: number): Buffer {
  drawn += 1;
  return createHash('sha512').update(`drawn ${drawn}`).digest().subarray(0, sizeBytes);
}

export interface Setup {
  readonly totp: Totp;
  readonly clock: FakeClock;
  readonly events: SecurityEvent[];
  readonly records: RecordStore;
  /** The secret of the newest enrollment. */
  secret: string;
  /** Enrolls and confirms; answers the factor's id. The next step begins after it. */
  enroll(name?: string): Promise<string>;
  code(stepsAhead?: number): string;
  /** One that no authenticator of the newest secret shows around now. */
  wrongCode(): string;
  readonly recordKey: string;
  verify(code: unknown, known?: boolean): ReturnType<Totp['verify']>;
}

export function setup({ on = 'memoryStore', keys = createKeyRing({ keys: [keyOf('k1')] }), records, clock = fakeClock(), ...options }: Partial<TotpOptions> & { readonly on?: StoreName; readonly keys?: KeyRing; readonly clock?: FakeClock } = {}): Setup {
  const events: SecurityEvent[] = [];
  const store = records ?? emptyStore(on, clock);
  const totp = createTotp({ keys, records: store, issuer: 'ACME', clock, random: drawnBytes, emit: (event) => events.push(event), ...options });
  const self: Setup = {
    totp,
    clock,
    events,
    records: store,
    secret: '',
    async enroll(name = 'phone') {
      const begun = await totp.enroll({ accountId, accountName: 'ada@example.com', name });
      if (!begun.ok) throw new Error(begun.reason);
      self.secret = begun.secret;
      const done = await totp.confirm({ accountId, factorId: begun.factorId, code: self.code() });
      if (!done.ok) throw new Error(done.reason);
      await clock.advance(30_000);
      return begun.factorId;
    },
    recordKey,
    wrongCode() {
      const right = new Set(Array.from({ length: 5 }, (_, at) => self.code(at - 2)));
      return ['000000', '000001', '000002', '000003', '000004', '000005'].find((code) => !right.has(code)) ?? '';
    },
    code: (stepsAhead = 0) => codeAt(self.secret, clock.nowMs() + stepsAhead * 30_000),
    verify: (code, known = false) => totp.verify({ accountId, code, known }),
  };
  return self;
}
