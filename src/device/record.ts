import { StoreError } from '../kernel/errors.ts';
import { isDeviceEpochs, type DeviceEpochs } from './epochs.ts';

/** One browser of an account, as it is stored. Times are wall-clock ms, texts base64url but for the label. */
export interface Device {
  readonly id: string;
  /** How often the secret has been replaced; the first is 1. */
  readonly generation: number;
  /** Of the secret that counts. */
  readonly digest: string;
  /** By what it was made from the one before. */
  readonly salt: string;
  /** When the secret was last given to a browser that showed the one before. */
  readonly givenAtMs: number;
  /** The secret before: of the browser itself for the first. `untilMs`: still taken until then; absent until the new one is shown. */
  readonly previous: { readonly digest: string; readonly untilMs?: number };
  readonly knownSinceMs: number;
  /** Since when its sign-ins have had more behind them than a password; absent until one had. */
  readonly provenSinceMs?: number;
  readonly lastUsedAtMs: number;
  /** When a second factor was given and the browser remembered for it. How long that holds is the option's word. */
  readonly secondFactorAtMs?: number;
  readonly label?: string;
  /** Absent where nobody said which they were. */
  readonly epochs?: DeviceEpochs;
}

/** A neighborhood of the network that the account has been entered from, as a keyed digest. */
export interface Place {
  readonly tag: string;
  /** Wall-clock ms. */
  readonly lastMs: number;
}

/**
 * The browsers of an account, the one used last first. `version` is how often all of them were revoked, `revokedAtMs` when last. `places`: from
 * where it was entered, the last first.
 */
export interface DeviceRecord {
  readonly version: number;
  readonly revokedAtMs?: number;
  readonly devices: readonly Device[];
  readonly places?: readonly Place[];
}

/** Home, work, a telephone's carrier and a few more. */
export const mostPlaces = 8;

/** The most devices that `maxDevices` may allow. */
export const mostDevices = 100;

const largestCount = 0xffffffff;
const none: DeviceRecord = Object.freeze({ version: 0, devices: Object.freeze([]) });

/** The record as it was read, or ERR_STORE for what was never written as one. */
export function checkedRecord(found: DeviceRecord | undefined): DeviceRecord {
  if (found === undefined) return none;
  if (!isRecord(found)) throw new StoreError('device: the record of an account is no list of browsers');
  return found;
}

type Unchecked<T> = { readonly [K in keyof T]?: unknown };

function isRecord({ version, revokedAtMs, devices, places = [] }: Unchecked<DeviceRecord>): boolean {
  return isCount(version) && Number.isFinite(revokedAtMs ?? 0) && Array.isArray(places) && places.length <= mostPlaces && places.every(isPlace) && Array.isArray(devices) && devices.length <= mostDevices && devices.every(isDevice);
}

function isDevice(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { id, generation, digest, salt, givenAtMs, previous, knownSinceMs, provenSinceMs, lastUsedAtMs, secondFactorAtMs, label, epochs } = value as Unchecked<Device>;
  return (
    isText(id, 22) && isCount(generation) && isText(digest, 43) && isText(salt, 43)
    && [givenAtMs, knownSinceMs, provenSinceMs ?? 0, lastUsedAtMs, secondFactorAtMs ?? 0].every(Number.isFinite)
    && isPrevious(previous) && (label === undefined || typeof label === 'string') && (epochs === undefined || isDeviceEpochs(epochs))
  );
}

function isPlace(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { tag, lastMs } = value as Unchecked<Place>;
  return isText(tag, 22) && Number.isFinite(lastMs);
}

function isPrevious(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { digest, untilMs } = value as Unchecked<Device['previous']>;
  return isText(digest, 43) && (untilMs === undefined || Number.isFinite(untilMs));
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < largestCount;
}

function isText(value: unknown, length: number): boolean {
  return typeof value === 'string' && value.length === length && /^[\w-]+$/.test(value);
}
