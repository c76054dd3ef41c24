import { ConfigError } from '../kernel/errors.ts';
import type { EpochMark } from '../ports/session.ts';

/**
 * The epochs that a browser became known under, as a session carries them: whether it is known still is a comparison of numbers,
 * which no clock has a part in. Organizations that were never revoked are left out, and read as 0.
 */
export type DeviceEpochs = Pick<EpochMark, 'everyone' | 'organizations'>;

/** As many organizations as a session's mark may have, and ids as long. */
const maxOrganizations = 100;
const maxIdChars = 1_024;

/** What is kept of a session's mark. Throws ERR_CONFIG for what is none: a record with it could never be read again. */
export function keptEpochs(mark: EpochMark | undefined): DeviceEpochs | undefined {
  if (mark === undefined) return undefined;
  if (!isDeviceEpochs(mark)) throw new ConfigError("device.remember.epochs: expected the mark of the sign-in's session");
  // `fromEntries` makes an own member of `__proto__` too.
  return { everyone: mark.everyone, organizations: Object.fromEntries(Object.entries(mark.organizations).filter(([, epoch]) => epoch !== 0)) };
}

export function isDeviceEpochs(value: unknown): value is DeviceEpochs {
  if (typeof value !== 'object' || value === null) return false;
  const { everyone, organizations } = value as { readonly [K in keyof DeviceEpochs]?: unknown };
  if (!isEpoch(everyone) || typeof organizations !== 'object' || organizations === null || Array.isArray(organizations)) return false;
  const pairs = Object.entries(organizations);
  return pairs.length <= maxOrganizations && pairs.every(([id, epoch]) => id.length <= maxIdChars && isEpoch(epoch));
}

function isEpoch(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether nothing was revoked between the two: each epoch is the same one, and one that is missing is 0. */
export function areSameEpochs(one: DeviceEpochs, other: DeviceEpochs): boolean {
  const ids = new Set([...Object.keys(one.organizations), ...Object.keys(other.organizations)]);
  return one.everyone === other.everyone && [...ids].every((id) => epochOf(one, id) === epochOf(other, id));
}

function epochOf({ organizations }: DeviceEpochs, id: string): number {
  return Object.hasOwn(organizations, id) ? (organizations[id] ?? 0) : 0;
}
