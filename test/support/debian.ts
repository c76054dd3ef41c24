import { isInstalled, type DebianPackage } from '../../scripts/debian.ts';

/**
 * For `describe.skipIf(!hasDebian('chromium'))`. Where PORTCULLIS_NO_SKIP=1 the answer is always yes, so that a missing
 * package is a failure there and not a skip.
 */
export function hasDebian(name: DebianPackage): boolean {
  return process.env['PORTCULLIS_NO_SKIP'] === '1' || isInstalled(name);
}
