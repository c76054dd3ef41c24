import { sideTitles, type Side } from './apps.ts';
import type { Botnet } from './attack/botnet.ts';
import type { OrdinaryUsers } from './ordinary.ts';
import type { Plan } from './plan.ts';
import type { Progress } from './progress.ts';
import type { PhaseName, Recorder } from './recorder.ts';

/** What the acts are played with. */
export interface Stage {
  readonly side: Side;
  readonly plan: Plan;
  readonly botnet: Botnet;
  readonly ordinary: OrdinaryUsers;
  readonly recorder: Recorder;
  readonly progress: Progress;
}

/** One act: the attack, and with `visit` the ordinary users' visits of that number beside it. */
export async function act(stage: Stage, { name, title, visit }: { readonly name: PhaseName; readonly title: string; readonly visit?: number }, attack: () => Promise<void>): Promise<void> {
  const { recorder, progress, ordinary, botnet } = stage;
  const live = (): string => {
    const { requests, refusals } = botnet.counts;
    return `${recorder.sessions.length} entered, ${recorder.exportedRows.length} rows, ${recorder.spamSent} spam | ${requests} requests, ${refusals} refused | ordinary ${ordinary.counts.logins} in, ${ordinary.counts.refused} refused`;
  };
  const startMs = recorder.nowMs();
  await progress.phase(phaseTitle(stage.side, title), live, async () => {
    await Promise.all([attack(), visit === undefined ? undefined : ordinary.visit(visit)]);
  });
  recorder.phases.push({ name, startMs, endMs: recorder.nowMs() });
}

/** A line of the progress begins with it. */
export function phaseTitle(side: Side, title: string): string {
  return `${sideTitles[side].padEnd(13)}  ${title.padEnd(32)}`;
}
