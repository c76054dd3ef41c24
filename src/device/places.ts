import { neighborhoodOf } from '../kernel/address.ts';
import type { KeyRing } from '../kernel/keys.ts';
import type { Change } from './changes.ts';
import { mostPlaces, type DeviceRecord, type Place } from './record.ts';

/** How long a place stays familiar after the last sign-in from it, ms: 60 days. */
const familiarForMs = 60 * 86_400_000;

/** Where a sign-in comes from. */
interface Origin {
  readonly accountId: string;
  readonly address: string | undefined;
  readonly nowMs: number;
}

/** Places as they are stored: digests, of the account they belong to, so that no two accounts can be seen to share one. */
export interface Places {
  isFamiliar(record: DeviceRecord, from: Origin): boolean;
  /** The change with this place as the last of the record, where there is a record to write. */
  added<A>(change: Change<A>, from: Origin): Change<A>;
}

export function createPlaces({ digest, digests }: Pick<KeyRing, 'digest' | 'digests'>): Places {
  const nameOf = (accountId: string, address: string | undefined): string | undefined => {
    const place = neighborhoodOf(address);
    return place && `${accountId}\0${place}`;
  };
  const isKept = ({ lastMs }: Place, nowMs: number): boolean => nowMs - lastMs < familiarForMs;

  return {
    isFamiliar({ places = [] }, { accountId, address, nowMs }) {
      const name = nameOf(accountId, address);
      if (name === undefined) return false;
      const tags = digests('device', name);
      return places.some((place) => tags.includes(place.tag) && isKept(place, nowMs));
    },
    added({ record, answer }, { accountId, address, nowMs }) {
      const name = nameOf(accountId, address);
      if (record === undefined || name === undefined) return { record, answer };
      const tags = digests('device', name);
      const others = (record.places ?? []).filter((place) => !tags.includes(place.tag) && isKept(place, nowMs));
      return { record: { ...record, places: [{ tag: digest('device', name), lastMs: nowMs }, ...others].slice(0, mostPlaces) }, answer };
    },
  };
}
