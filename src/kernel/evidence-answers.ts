import type { EvidenceNews, EvidenceStanding } from '../ports/evidence-store.ts';
import { StoreError } from './errors.ts';

// A store that lies is a broken one. What is no number is never below a limit: nobody may be let through because of it.

const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** The answer to a reservation as it is, or ERR_STORE. */
export function checkedStanding(answer: unknown): EvidenceStanding {
  const { source, sharedSource, account, password, surge, charged } = (answer ?? {}) as Partial<EvidenceStanding>;
  const amounts = [source, account, password, charged?.source, charged?.account];
  if (!amounts.every(isAmount) || typeof surge !== 'boolean' || typeof sharedSource !== 'boolean') throw new StoreError('evidence: the store answered nonsense');
  return answer as EvidenceStanding;
}

const changes: readonly unknown[] = [undefined, 'began', 'ended'];

/** The answer to a settlement as it is, or ERR_STORE. */
export function checkedNews(answer: unknown): EvidenceNews {
  const { surge, slowSurge } = (answer ?? {}) as Partial<EvidenceNews>;
  if (typeof answer !== 'object' || answer === null || !changes.includes(surge) || !changes.includes(slowSurge)) throw new StoreError('evidence: the store answered nonsense');
  return answer;
}
