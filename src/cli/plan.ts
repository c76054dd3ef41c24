import { readFile, stat } from 'node:fs/promises';
import type { ContainPlan, ContainReset } from '../flows/incident/plan.ts';
import type { MfaScope } from '../mfa/index.ts';
import type { ReadOnlyStrictness } from '../read-only/index.ts';
import { usageError } from './exit.ts';
import { idsOfFile } from './id-file.ts';
import { present } from './present.ts';

/** The flags of `contain`. */
export interface PlanOptions {
  readonly id?: string;
  readonly reason?: string;
  readonly plan?: string;
  readonly source?: readonly string[];
  readonly from?: number;
  readonly until?: number;
  readonly account?: readonly string[];
  readonly accountFile?: string;
  readonly breached?: boolean;
  readonly exposed?: boolean;
  readonly passwordsBefore?: number;
  readonly noticed?: number;
  readonly readOnly?: ReadOnlyStrictness | 'off';
  readonly readOnlyFor?: number;
  readonly sessions?: 'everyone' | 'affected';
  readonly organization?: readonly string[];
  readonly reset?: ContainReset | 'off';
  readonly secondFactor?: MfaScope;
  readonly grace?: number;
  readonly notify?: 'everyone' | 'affected' | 'nobody';
}

type Asked = Omit<ContainPlan, 'id' | 'by' | 'reason' | 'dryRun' | 'onProgress' | 'signal'>;

const maxPlanBytes = 16 * 1024 * 1024;
/** The piece takes no more; the rest of a file is not read. */
const maxListed = 100_000;

/** What the flags ask for. What is not said is left to the defaults of the library. */
export async function planOfFlags(options: PlanOptions): Promise<Asked> {
  const { sessions, organization, reset, notify } = options;
  return {
    affected: await affectedOf(options),
    ...present({
      readOnly: readOnlyOf(options),
      sessions: organization === undefined ? sessions : { organizations: organization },
      reset: reset === 'off' ? (false as const) : reset,
      secondFactor: secondFactorOf(options),
      notices: notify && { affected: notify !== 'nobody', everyoneElse: notify === 'everyone' },
      noticedMs: options.noticed,
    }),
  };
}

function readOnlyOf({ readOnly, readOnlyFor }: PlanOptions): Asked['readOnly'] {
  if (readOnly === 'off') {
    if (readOnlyFor !== undefined) throw usageError('--read-only-for: expected nothing beside --read-only off');
    return false;
  }
  if (readOnly === undefined && readOnlyFor === undefined) return undefined;
  return { level: readOnly ?? 'writes', ...present({ forMs: readOnlyFor }) };
}

function secondFactorOf({ secondFactor, grace }: PlanOptions): Asked['secondFactor'] {
  if (secondFactor === undefined) return undefined;
  if (grace === undefined) throw usageError('--second-factor: say with --grace how long people may go on without one (0, 7d)');
  return { scope: secondFactor, graceMs: grace };
}

async function affectedOf({ source, from, until, account = [], accountFile, breached, exposed, passwordsBefore }: PlanOptions): Promise<Asked['affected']> {
  const accountIds = [...account];
  if (accountFile !== undefined) {
    for await (const id of idsOfFile(accountFile)) {
      if (accountIds.push(id) > maxListed) throw usageError(`--account-file: expected at most ${maxListed} ids; use "portcullis reset --user-file" for more`);
    }
  }
  return present({
    sources: source,
    fromMs: from,
    untilMs: until,
    accountIds: accountIds.length > 0 ? accountIds : undefined,
    breached,
    exposed,
    passwordsSetBeforeMs: passwordsBefore,
  });
}

/** A plan that stands in a file, as JSON. What it means is for the library to say: it names a wrong field. */
export async function planOfFile(path: string): Promise<Partial<ContainPlan> & Asked> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw usageError(`--plan: there is no file ${path}`);
  if (found.size > maxPlanBytes) throw usageError(`--plan: expected at most ${maxPlanBytes} bytes, got ${found.size}`);
  const value = jsonOf(await readFile(path, 'utf8'), path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw usageError(`--plan: expected one JSON object in ${path}`);
  return value as Partial<ContainPlan> & Asked;
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`--plan: ${path} is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}
