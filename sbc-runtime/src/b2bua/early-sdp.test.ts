import assert from 'node:assert/strict';
import { test } from 'node:test';
import { earlySdpOf, hasSaid, noEarlySdp, withEarlySdp, type EarlySdp } from './early-sdp.ts';

const after = (...said: EarlySdp[]) => said.reduce(withEarlySdp, noEarlySdp);
const fork = (tag: string, sdp = `of ${tag}`): EarlySdp => ({ tag, sdp });

test('the fork that answers is taken at its own word, the newest of it', () => {
  const early = after(fork('desk', 'old'), fork('mobile'), fork('desk', 'new'), fork('laptop'));
  assert.equal(earlySdpOf(early, 'desk'), 'new');
  assert.equal(earlySdpOf(early, 'mobile'), 'of mobile');
});

test('for a fork that has said nothing the latest word counts, where there is one', () => {
  const early = after(fork('desk'), fork('mobile'));
  for (const tag of ['laptop', undefined]) assert.equal(earlySdpOf(early, tag), 'of mobile');
  assert.equal(earlySdpOf(noEarlySdp, 'desk'), undefined);
});

test('eight forks are remembered, the last ones', () => {
  const early = after(...Array.from({ length: 20 }, (_, at) => fork(String(at))));
  assert.deepEqual(
    early.map(({ tag }) => tag),
    ['12', '13', '14', '15', '16', '17', '18', '19'],
  );
});

test('a fork repeats itself where it says the very same; what another one says is news', () => {
  const said = [fork('desk'), fork('mobile', 'same')];
  assert.equal(hasSaid(said, fork('desk')), true);
  assert.equal(hasSaid(said, fork('desk', 'same')), false);
});
