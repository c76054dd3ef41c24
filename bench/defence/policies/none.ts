import { peer } from './peer.ts';

/** No defense at all. */
export const none = peer('none', () => ({ before: () => undefined, bytes: () => 0 }));
