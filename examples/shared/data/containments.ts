import type { DatabaseSync } from 'node:sqlite';

/** What an operator asks for when accounts have been attacked, as the form says it. Times are wall-clock ms. */
export interface ContainmentPlan {
  readonly id: string;
  /** The operator's id. */
  readonly by: string;
  readonly reason: string;
  readonly sources: readonly string[];
  /** Accounts that are affected whatever their sign-ins say. Absent in plans of an earlier version. */
  readonly accountIds?: readonly string[];
  readonly fromMs?: number;
  readonly untilMs?: number;
  readonly reset: boolean;
  readonly secondFactor: boolean;
}

/** `draft`: counted, and not yet ordered. */
export type ContainmentState = 'draft' | 'ordered' | 'done';

export interface Containment {
  readonly plan: ContainmentPlan;
  readonly state: ContainmentState;
}

/** The plans: whoever goes on with a containment that was stopped needs the same one again. */
export interface Containments {
  keep(plan: ContainmentPlan): void;
  read(id: string): Containment | undefined;
  /** Answers whether it was in the other state before. */
  move(id: string, from: ContainmentState, to: ContainmentState): boolean;
  /** Ordered, and not done. */
  open(): readonly ContainmentPlan[];
}

export function createContainments(database: DatabaseSync): Containments {
  const insert = database.prepare("INSERT INTO containments (id, plan, state) VALUES (?, ?, 'draft')");
  // A plan that nobody has ordered holds addresses of people for no reason.
  const forget = database.prepare("DELETE FROM containments WHERE state = 'draft' AND rowid NOT IN (SELECT rowid FROM containments WHERE state = 'draft' ORDER BY rowid DESC LIMIT 20)");
  const select = database.prepare('SELECT plan, state FROM containments WHERE id = ?');
  const move = database.prepare('UPDATE containments SET state = ? WHERE id = ? AND state = ?');
  const open = database.prepare("SELECT plan, state FROM containments WHERE state = 'ordered' ORDER BY rowid");
  return {
    keep: (plan) => {
      insert.run(plan.id, JSON.stringify(plan));
      forget.run();
    },
    read: (id) => containmentOf(select.get(id)),
    move: (id, from, to) => move.run(to, id, from).changes === 1,
    open: () => open.all().flatMap((row) => containmentOf(row)?.plan ?? []),
  };
}

function containmentOf(row: unknown): Containment | undefined {
  if (row === undefined) return undefined;
  const { plan, state } = row as { readonly plan: string; readonly state: ContainmentState };
  return { plan: JSON.parse(plan) as ContainmentPlan, state };
}
