import { createKeyRing, memoryStore, type SecurityEvent } from 'portcullis';
import { createLoginGuard, type LoginGuard, type LoginGuardOptions, type StrangerAttempt } from 'portcullis/login-guard';
import { fakeClock } from 'portcullis/testing';

export const keys = createKeyRing({ keys: [{ id: 'k1', secret: Buffer.from('portcullis test key, 32 bytes ok') }] });

export interface Guarded {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly guard: LoginGuard;
  readonly events: SecurityEvent[];
  /** Fails once. Answers whether its password was not even looked at. */
  fail: (attempt?: Partial<StrangerAttempt>) => Promise<boolean>;
  /** Comes with the right password: the reasons for which more is asked, or that it was refused. */
  enter: (attempt?: Partial<StrangerAttempt>, familiar?: boolean) => Promise<readonly string[]>;
}

export const ann: StrangerAttempt = { address: '192.0.2.1', account: 'ann@example.com', exists: true, password: 'wrong' };

export function guarded(more: Partial<LoginGuardOptions> = {}): Guarded {
  const clock = fakeClock();
  const events: SecurityEvent[] = [];
  const guard = createLoginGuard({ keys, evidence: memoryStore({ clock }), clock, emit: (event) => void events.push(event), ...more });
  return {
    clock, guard, events,
    async fail(attempt = {}) {
      const pass = await guard.reserve({ ...ann, ...attempt });
      await guard.settle(pass.receipt, 'failed');
      return pass.refused;
    },
    async enter(attempt = {}, familiar = false) {
      const pass = await guard.reserve({ ...ann, ...attempt });
      if (pass.refused) return ['refused'];
      const { stepUp, reasons } = pass.after({ familiar });
      await guard.settle(pass.receipt, stepUp ? 'held' : 'entered');
      return reasons;
    },
  };
}
