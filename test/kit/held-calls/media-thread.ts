/** The thread of the packets: nothing that the tests do on theirs makes a gap. */
import { parentPort, workerData } from 'node:worker_threads';
import { MediaWheel } from './media-wheel.ts';
import type { Answer, MediaReport, Numbered, Order } from './media-words.ts';

if (!parentPort) throw new Error('Cannot run: this is a thread of media-desk.ts');
const port = parentPort;
const wheel = new MediaWheel(workerData as { packetMs: number });

async function obey(order: Order): Promise<MediaReport | undefined> {
  if (order.kind === 'bind') await wheel.bind(order.at);
  else if (order.kind === 'set') wheel.set(order.leg);
  else if (order.kind === 'end') wheel.end(order.ids, order.atMs);
  else if (order.kind === 'forget') wheel.forget(order.ids);
  else if (order.kind === 'ask') return wheel.report(order);
  else {
    wheel.close();
    port.close();
  }
  return undefined;
}

port.on('message', ({ number, order }: Numbered) => {
  const answer = (rest: Omit<Answer, 'number'>) => port.postMessage({ number, ...rest });
  obey(order).then(
    (report) => answer(report === undefined ? {} : { report }),
    (error: unknown) => answer({ error: String(error) }),
  );
});
