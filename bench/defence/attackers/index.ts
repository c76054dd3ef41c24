import type { AttackerId, MakeAttack } from './attack.ts';
import { depthFirst, fastSpray, lockOut, slowSpray, targeted } from './guessing.ts';
import { freshKeys } from './flood.ts';
import { customerIo } from './replay.ts';
import { onePerAddress, onePerAddressSlow, onePerAddressThin, onePerAddressWashed, rotation, stuffed, washing } from './stuffing.ts';

/** Every attacker that is a list of events; A10 is a burst and runs in a world of its own. */
export const attacks: Readonly<Partial<Record<AttackerId, MakeAttack>>> = {
  A1: depthFirst,
  A2: lockOut,
  A3: fastSpray,
  A4: slowSpray,
  A5: stuffed,
  A5s: washing,
  A6: onePerAddress,
  A6s: onePerAddressSlow,
  A6u: onePerAddressThin,
  A6w: onePerAddressWashed,
  A7: rotation,
  A8: customerIo,
  A9: freshKeys,
  A11: targeted,
};
