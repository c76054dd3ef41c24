import type { ChildAnswer, ChildRequest } from './child.ts';

let opened: unknown;

process.on('message', (request: ChildRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});
// The parent is gone: nobody is left to report to.
process.on('disconnect', () => process.exit());

async function answer(request: ChildRequest): Promise<ChildAnswer> {
  try {
    return { id: request.id, ok: true, value: request.verb === 'open' ? await open(request) : await call(opened, request.method, request.input) };
  } catch (error) {
    return { id: request.id, ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function open({ module, run, input }: Extract<ChildRequest, { verb: 'open' }>): Promise<unknown> {
  opened = await call(await import(module), run, input);
  return hasMethods(opened) ? undefined : opened;
}

/** Functions cannot be sent: an object that has some stays here. */
function hasMethods(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).some((member) => typeof member === 'function');
}

async function call(target: unknown, name: string, input: unknown): Promise<unknown> {
  const method = (target as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof method !== 'function') throw new TypeError(`there is no function "${name}"`);
  return (await method.call(target, input)) as unknown;
}
