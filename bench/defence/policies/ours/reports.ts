import type { SecurityEvent } from 'portcullis';
import type { AttackMonitor } from 'portcullis/detect';
import type { GuardPass } from 'portcullis/login-guard';
import type { LoginAttempt, Probe } from '../../policy.ts';

type Failure = Extract<SecurityEvent, { type: 'sign-in.failed' }>['reason'];

/** The events that the flows report, for the monitor. */
export interface Reports {
  failed(attempt: LoginAttempt, reason: Failure, pass?: GuardPass): void;
  pending(attempt: LoginAttempt): void;
  entered(attempt: LoginAttempt, how: { readonly known: boolean; readonly proofs: readonly string[]; readonly stage: 'full' | 'change-password' }): void;
  /** So many failures in a row that the password opens nothing for strangers any more. */
  closed(accountId: string, failures: number): void;
  limited(limiter: string, from: { readonly address: string; readonly name: string }): void;
  probed(probe: Probe): void;
}

export function makeReports({ observe }: Pick<AttackMonitor, 'observe'>): Reports {
  const about = ({ address, name, accountId }: LoginAttempt) => ({ address, nameTag: name, ...(accountId !== undefined && { accountId }) });
  return {
    failed(attempt, reason, pass) {
      observe({ type: 'sign-in.failed', reason, knownDevice: pass === undefined, ...(pass !== undefined && { repeated: pass.repeated, reasons: pass.reasons }), ...about(attempt) });
    },
    pending(attempt) {
      observe({ type: 'sign-in.pending', pathway: 'password', needs: attempt.secondFactor ? 'second-factor' : 'mailed-link', ...about(attempt) });
    },
    entered(attempt, { known, proofs, stage }) {
      observe({ type: 'sign-in.succeeded', pathway: 'password', proofs, stage, knownDevice: known, ...about(attempt) });
    },
    closed(accountId, failures) {
      observe({ type: 'password.closed-to-strangers', failures, accountId });
    },
    limited(limiter, { address, name }) {
      observe({ type: 'limiter.refused', limiter, rule: 'address', enforced: true, retryAfterMs: 1, address, nameTag: name });
    },
    probed({ flow, address, name, exists, completed }) {
      const who = { address, nameTag: name };
      if (flow === 'sign-up') {
        observe({ type: 'sign-up.requested', outcome: exists ? 'existing-account' : 'pending', ...who });
        if (completed) observe({ type: 'sign-up.confirmed', ...who, accountId: `new ${name}` });
      } else {
        observe({ type: 'password-reset.requested', outcome: exists ? 'mailed' : 'unknown-account', ...who, ...(exists && { accountId: name }) });
        if (completed) observe({ type: 'password-reset.succeeded', ...who, accountId: name });
      }
    },
  };
}
