import { evidenceDayMs } from '../kernel/evidence.ts';
import { networkOf } from '../kernel/address.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { EvidenceTag } from '../ports/evidence-store.ts';

/** What attempts are called outside this process, and in memory: nothing can be read back from it. */
export interface EvidenceTags {
  /** An IPv4 address or an IPv6 /64; undefined for what is no address. */
  source(address: string | undefined): EvidenceTag | undefined;
  account(name: string): EvidenceTag;
  /** Good for one day, UTC. */
  password(password: string, nowMs: number): EvidenceTag;
}

export function createEvidenceTags({ digest }: Pick<KeyRing, 'digest'>): EvidenceTags {
  return {
    source(address) {
      const network = networkOf(address);
      return network && digest('evidence', `source ${network.key}`);
    },
    account: (name) => digest('evidence', `account ${name}`),
    password: (password, nowMs) => digest('evidence', `password ${Math.floor(nowMs / evidenceDayMs)} ${password}`),
  };
}
