import assert from 'node:assert/strict';
import { it } from 'node:test';
import { answerSdp, World } from './testing/world.ts';

it('keeps the early dialogs of 64 forks beside the latest one; of another one it knows the 18x and the answer', () => {
  const world = new World();
  const leg = world.call();
  const invite = world.request('INVITE');
  const rings = Array.from({ length: 66 }, (_, at) => world.answer(invite, 180, { tag: `phone-${at}` }));
  assert.equal(leg.remoteTag, 'phone-64');
  assert.equal(world.user.heard().at(-1), 'provisional 180 of phone-65');
  const asks = (at: number) => {
    const headers = [
      ['From', rings[at]?.headers.get('To') ?? ''],
      ['To', rings[at]?.headers.get('From') ?? ''],
    ] as const;
    world.receive(world.inDialog('BYE', invite, { cseq: 1, headers }));
    return world.sent();
  };
  assert.deepEqual([asks(0), asks(64), asks(65)], [['200'], ['200'], ['481']]);
  world.answer(invite, 200, { tag: 'phone-65', body: answerSdp });
  assert.equal(leg.remoteTag, 'phone-65');
  leg.ack();
  assert.equal(world.request('ACK').to.tag, 'phone-65');
  leg.bye();
  world.answer(world.request('BYE'), 200);
  world.nothingIsLeft();
});

it('ends eight late forks, each where it answered from; the answers of others are dropped', () => {
  const world = new World();
  const leg = world.call();
  const invite = world.request('INVITE');
  world.answer(invite, 200, { tag: 'first', body: answerSdp });
  leg.ack();
  world.sent();
  for (let at = 0; at < 20; at += 1) world.answer(invite, 200, { tag: `late-${at}`, body: answerSdp });
  const sent = world.sent();
  assert.deepEqual(
    [sent.filter((each) => each === 'ACK').length, sent.filter((each) => each === 'BYE').length],
    [8, 8],
  );
  assert.deepEqual(world.hops.at(-1)?.heardFrom, { address: '192.0.2.7', port: 5061 });
  world.clock.advance(40_000);
  leg.bye();
  world.answer(world.request('BYE'), 200);
  world.nothingIsLeft();
});
