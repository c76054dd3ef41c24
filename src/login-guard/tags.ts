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

export function createEvidenceTags({ digest }: Pick<KeyRing, 'digest'>): EvidenceTags {
  return {
    source(address) {
      const network = networkOf(address);
      return network && digest('evidence', `source ${network.key}`);
    },
    account: (account, exists) => digest('evidence', `${exists ? 'account' : 'nobody'} ${account}`),
    password: (password, nowMs) => digest('evidence', `password ${Math.floor(nowMs / evidenceDayMs)} ${password.normalize('NFC')}`),
  };
}
