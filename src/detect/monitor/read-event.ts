import { detached } from '../../kernel/bounded-key.ts';
import { networkOf, type ClientNetwork } from '../../kernel/address.ts';

/** Who an event is about, as far as it can be believed. */
export interface Subject {
  readonly network: ClientNetwork | undefined;
  readonly accountId: string | undefined;
  /** Stands for the name that was typed, or else for the account. */
  readonly mark: number | undefined;
  /** Stands for the account. */
  readonly accountMark: number | undefined;
}

export type Given = Readonly<Record<string, unknown>>;

/** Longer ones are no account ids of any table, and nothing that a list could carry. */
const maxIdChars = 512;
const maxAddressChars = 64;

export function readSubject(event: Given, marks: (text: string) => number): Subject {
  const accountId = idOf(event['accountId']);
  const nameTag = idOf(event['nameTag']);
  const { address } = event;
  const accountMark = accountId === undefined ? undefined : marks(accountId);
  return {
    // Cut out of a header, it would keep the whole header.
    network: typeof address === 'string' && address.length <= maxAddressChars ? networkOf(detached(address)) : undefined,
    accountId,
    accountMark,
    mark: nameTag === undefined ? accountMark : marks(nameTag),
  };
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxIdChars ? detached(value) : undefined;
}

/** At most 20 texts of a list; nothing of anything else. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.slice(0, 20).filter((text): text is string => typeof text === 'string') : [];
}

/** Who was tried, for the sign of an alarm. */
export function triedOf({ accountId, mark }: Subject): { readonly accountIds: readonly string[]; readonly marks: readonly number[] } {
  return { accountIds: accountId === undefined ? [] : [accountId], marks: mark === undefined ? [] : [mark] };
}
