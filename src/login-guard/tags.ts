import { evidenceDayMs } from '../kernel/evidence.ts';
import { networkOf } from '../kernel/address.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { EvidenceTag } from '../ports/evidence-store.ts';

/** What attempts are called outside this process, and in memory: nothing can be read back from it. */
export interface EvidenceTags {
  /** An IPv4 address or an IPv6 /64; undefined for what is no address. */
  source(address: string | undefined): EvidenceTag | undefined;
  account(account: string, exists: boolean): EvidenceTag;
  /** Good for one day, UTC. Of the form that is hashed, NFC: one password has one tag, however it is typed. */
  password(password: string, nowMs: number): EvidenceTag;
}

/**
 * Under the oldest key of the ring: one that is added forgives nobody, and while it is rolled out old and new processes see one another's evidence.
 * What is known ends with the key that is taken off.
 */
export function createEvidenceTags({ oldestDigest }: Pick<KeyRing, 'oldestDigest'>): EvidenceTags {
  const digest = (value: string): EvidenceTag => oldestDigest('evidence', value);
  return {
    source(address) {
      const network = networkOf(address);
      return network && digest(`source ${network.key}`);
    },
    account: (account, exists) => digest(`${exists ? 'account' : 'nobody'} ${account}`),
    password: (password, nowMs) => digest(`password ${Math.floor(nowMs / evidenceDayMs)} ${password.normalize('NFC')}`),
  };
}
