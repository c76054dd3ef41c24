import { inParallel } from './parallel.ts';
import type { Plan } from './plan.ts';
import { jsonOf, type Network } from './wire.ts';

/** Makes sure that the app sees every source as the address it is, by asking it. Throws where it does not: all that follows would be worthless. */
export async function checkSources(network: Network, { ordinary, owners, administrators, attacker }: Plan): Promise<void> {
  const sources = [...[...ordinary, ...owners, ...administrators].map(({ source }) => source), ...attacker.sources, attacker.oneSource];
  const seen = new Set<string>();
  const ask = (source: string) => async () => {
    const answer = await send(network, source);
    if (answer !== source) throw new Error(`requests from ${source} reach the app as ${String(answer)}: each client needs an address of its own`);
    seen.add(answer);
  };
  await inParallel(sources.map(ask), 16);
  if (seen.size !== sources.length) throw new Error(`${sources.length} clients reach the app from ${seen.size} addresses`);
}

async function send(network: Network, source: string): Promise<unknown> {
  try {
    return jsonOf(await network.send(source, { path: '/whoami-address' }))['address'];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL') {
      throw new Error(`this machine cannot send from ${source}: the drill needs the whole of 127.0.0.0/8, as Linux has it`, { cause: error });
    }
    throw error;
  }
}
