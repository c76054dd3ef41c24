import { noFailures, type FailureCap } from '../kernel/failure-cap.ts';
import { accountRecordKey, readJson, updateJson, type RecordStep } from '../kernel/json-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordStore } from '../ports/record-store.ts';
import { checkedRecord, replaced, shownFactor, type StoredFactor, type TotpRecord } from './record.ts';
import type { Totp, TotpFactor } from './totp.ts';
import type { Vault } from './vault.ts';

interface Parts {
  readonly records: RecordStore;
  readonly vault: Vault;
  readonly cap: FailureCap;
  readonly clock: Clock;
}

/** The record of an account's authenticators, and what changes it without a code. */
export interface FactorRecords extends Pick<Totp, 'list' | 'remove' | 'removeAll' | 'suspend' | 'restore' | 'reseal'> {
  update<A>(accountId: string, decide: (record: TotpRecord) => RecordStep<TotpRecord, A>): Promise<A>;
}

export function createFactorRecords({ records, vault, cap, clock }: Parts): FactorRecords {
  function update<A>(accountId: string, decide: (record: TotpRecord) => RecordStep<TotpRecord, A>): Promise<A> {
    return updateJson<TotpRecord, A>(records, keyOf(accountId), (found) => decide(checkedRecord(found)));
  }

  /** Changes one authenticator; answers it as it is then. */
  function changeOne(accountId: string, factorId: unknown, change: (factor: StoredFactor) => StoredFactor): Promise<TotpFactor | undefined> {
    return update<TotpFactor | undefined>(accountId, (record) => {
      const factor = record.factors.find(({ id }) => id === factorId);
      if (factor === undefined) return { value: undefined, answer: undefined };
      const after = change(factor);
      return { value: replaced(record, after), answer: shownFactor(after, cap) };
    });
  }

  return {
    update,
    async list(accountId) {
      const found = await readJson<TotpRecord>(records, keyOf(accountId));
      return found && checkedRecord(found.value).factors.map((factor) => shownFactor(factor, cap));
    },
    remove: ({ accountId, factorId, keepLast = false }) =>
      update<TotpFactor | 'last' | undefined>(accountId, (record) => {
        const factor = record.factors.find(({ id }) => id === factorId);
        if (factor === undefined) return { value: undefined, answer: undefined };
        if (keepLast && record.factors.length === 1) return { value: undefined, answer: 'last' };
        return { value: { ...record, factors: record.factors.filter((each) => each !== factor) }, answer: shownFactor(factor, cap) };
      }),
    // The record stays, empty: that none is there is known.
    removeAll: (accountId) => update<readonly TotpFactor[]>(accountId, ({ factors }) => ({ value: { factors: [] }, answer: factors.map((factor) => shownFactor(factor, cap)) })),
    suspend: ({ accountId, factorId }) => changeOne(accountId, factorId, (factor) => ({ ...factor, suspendedAtMs: factor.suspendedAtMs ?? clock.nowMs() })),
    restore: ({ accountId, factorId }) => changeOne(accountId, factorId, ({ suspendedAtMs: _lost, disabledAtMs: _closed, ...factor }) => ({ ...factor, failures: noFailures })),
    reseal: (accountId) =>
      update<number>(accountId, (record) => {
        let resealed = 0;
        const factors = record.factors.map((factor) => {
          const opened = vault.isOld(factor.sealed) ? vault.open({ accountId, factorId: factor.id, sealed: factor.sealed }) : undefined;
          if (opened?.ok !== true) return factor;
          resealed += 1;
          return { ...factor, sealed: vault.seal({ accountId, factorId: factor.id, secret: opened.secret }) };
        });
        return { value: resealed === 0 ? undefined : { ...record, factors }, answer: resealed };
      }),
  };
}

function keyOf(accountId: string): string {
  return accountRecordKey('totp', accountId);
}
