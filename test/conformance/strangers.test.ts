/**
 * Requests that belong to a call of somebody else, or to none: forged, out of order, repeated, looping, without end. No
 * call is forgotten or ended by a stranger, and what is not a call leaves nothing behind. On virtual time.
 */
import assert from 'node:assert/strict';
import { SBC_ADDRESS } from '../kit/routing-state.ts';
import { seconds } from '../kit/scenario.ts';
import { pbxHangsUp, teamsHangsUp } from '../scenarios/stories.ts';
import {
  FIRST_BRANCH,
  firstInvite,
  forge,
  isAnswered,
  LOOPING,
  NEIGHBOUR_ADDRESS,
  play,
  ringing,
  type Scene,
  SDP,
  talking,
} from './strangers.ts';

const METHODS = ['BYE', 'INVITE', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'OPTIONS', 'MESSAGE'] as const;

for (const method of METHODS) {
  play(`${method} with the right Call-ID and tags from another trunk: 403, and the call goes on`, async (scene) => {
    const dialog = await talking(scene);
    assert.match(await scene.stranger.asks(forge(method, { ...dialog, cseq: 50 })), /^(100 )?403$/);
    await scene.stranger.asks(forge('ACK', { ...dialog, cseq: 50 }));
    await pbxHangsUp(scene.stage);
  });

  play(`${method} with a wrong tag: 481, whoever sends it, and the call goes on`, async (scene) => {
    const { callId, fromTag, toTag } = await talking(scene);
    for (const tags of [
      { fromTag: 'wrong', toTag },
      { fromTag, toTag: 'wrong' },
      { fromTag: toTag, toTag: fromTag },
      { fromTag: undefined, toTag },
    ]) {
      for (const peer of [scene.stranger, scene.neighbour])
        assert.match(await peer.asks(forge(method, { callId, ...tags, cseq: 50 })), /^(100 )?481$/);
    }
    assert.match(
      await scene.neighbour.asks(forge(method, { callId: 'wrong', fromTag, toTag, cseq: 50 })),
      /^(100 )?481$/,
    );
    await teamsHangsUp(scene.stage);
  });
}

play('CSeq that goes back: 500; out of range: 400; the call goes on', async (scene) => {
  const dialog = await talking(scene);
  const { neighbour } = scene;
  // A BYE is taken in any order: the peer is gone anyway.
  for (const method of ['INFO', 'UPDATE', 'INVITE'])
    assert.match(await neighbour.asks(forge(method, { ...dialog, cseq: 0 })), /^(100 )?500$/);
  for (const cseq of [2147483648, 4294967296, '-1', '1.5', '99999999999999999999'])
    assert.equal(await neighbour.asks(forge('BYE', { ...dialog, cseq })), '400');
  await pbxHangsUp(scene.stage);
});

play(
  'CSeq that jumps to its end is allowed; then nothing of that side is in order any more, and the other hangs up',
  async (scene) => {
    const dialog = await talking(scene);
    const { neighbour } = scene;
    assert.match(await neighbour.asks(forge('INFO', { ...dialog, cseq: 2147483647 })), /^[245]/);
    assert.equal(await neighbour.asks(forge('INFO', { ...dialog, cseq: 100 })), '500');
    await teamsHangsUp(scene.stage);
  },
);

play('a CANCEL with the branch of somebody else’s INVITE: 481, and it goes on ringing', async (scene) => {
  const { stage, stranger, neighbour } = scene;
  const { callId, fromTag } = await ringing(scene);
  const cancel = (branch: string) => forge('CANCEL', { callId, fromTag, toTag: undefined, cseq: 1, branch });
  assert.equal(await stranger.asks(cancel(FIRST_BRANCH)), '481');
  assert.equal(await neighbour.asks(cancel('z9hG4bKguessed')), '481');
  await stage.teams.getsNothing();
  // The trunk that called may.
  assert.equal(await neighbour.asks(cancel(FIRST_BRANCH)), '200');
  await stage.pbx.gets(487);
  await stage.teams.gets('CANCEL');
  await stage.teams.sends(200, { for: 'CANCEL' });
  await stage.teams.sends(487, { for: 'INVITE' });
});

play(
  'an INVITE of another trunk with the branch of one that rings is a call of its own, and its ACK ends nothing',
  async (scene) => {
    const { stage, stranger, neighbour } = scene;
    await ringing(scene);
    const branch = FIRST_BRANCH;
    assert.equal(await stranger.asks(firstInvite({ branch, headers: LOOPING })), '100 483');
    await stranger.asks(forge('ACK', { callId: 'x', fromTag: 'new', toTag: 'x', cseq: 1, branch }));
    assert.equal(await stranger.asks(firstInvite({ branch, headers: LOOPING })), '');
    // From its own trunk it is a copy of the one that rings, which is told so again.
    assert.equal(await neighbour.asks(firstInvite({ branch, headers: LOOPING })), '');
    await stage.pbx.getsAgain(180);
    await isAnswered(stage);
    await pbxHangsUp(stage);
  },
);

play(
  'an INVITE of the same peer with the same branch and other content is a copy: answered as the first, no second call',
  async (scene) => {
    const { stage, neighbour, world } = scene;
    const branch = 'z9hG4bKsame';
    const sentBy = `${NEIGHBOUR_ADDRESS}:5060`;
    assert.equal(await neighbour.asks(firstInvite({ branch, sentBy, headers: LOOPING })), '100 483');
    assert.equal(await neighbour.asks(firstInvite({ branch, sentBy })), '483');
    assert.equal(world.system.size().calls, 0);
    await neighbour.asks(forge('ACK', { callId: 'x', fromTag: 'new', toTag: 'x', cseq: 1, branch, sentBy }));
    await stage.teams.getsNothing();
  },
);

play('an INVITE that comes on two ways is one call: the second gets 482', async (scene) => {
  const { stage, neighbour } = scene;
  const { callId, fromTag } = await ringing(scene);
  assert.equal(await neighbour.asks(firstInvite({ callId, fromTag })), '100 482');
  await neighbour.asks(forge('ACK', { callId, fromTag, toTag: 'x', cseq: 1 }));
  await isAnswered(stage);
  await pbxHangsUp(stage);
});

play('a To tag on a first INVITE: 481, and no call', async ({ stage, stranger, world }) => {
  assert.equal(await stranger.asks(firstInvite({ toTag: 'guessed' })), '100 481');
  assert.equal(world.system.size().calls, 0);
  await stage.teams.getsNothing();
});

play(
  'thousands of ACKs, to nothing and to a call, from friend and stranger: none is answered, nothing is kept',
  async (scene) => {
    const dialog = await talking(scene);
    const { stranger, neighbour, world } = scene;
    await world.passes(seconds(40));
    const before = world.system.size();
    for (let at = 0; at < 1000; at++) {
      assert.equal(await stranger.asks(forge('ACK', { ...dialog, cseq: at })), '');
      assert.equal(await neighbour.asks(forge('ACK', { ...dialog, toTag: `no-${at}`, cseq: 1, body: SDP })), '');
    }
    assert.deepEqual(world.system.size(), before);
    await pbxHangsUp(scene.stage);
  },
);

play('a thousand responses to nothing: none is answered, nothing is kept', async (scene) => {
  const dialog = await talking(scene);
  const { stranger, world } = scene;
  await world.passes(seconds(40));
  const before = world.system.size();
  for (let at = 0; at < 1000; at++) {
    const text = forge(at % 2 === 0 ? 'BYE' : 'INVITE', { ...dialog, cseq: at, branch: `z9hG4bK${at}` });
    assert.equal(await stranger.asks(text.replace(/^.*/, `SIP/2.0 ${[200, 481, 180, 503][at % 4]!} Whatever`)), '');
  }
  assert.deepEqual(world.system.size(), before);
  await teamsHangsUp(scene.stage);
});

play('a thousand OPTIONS are answered, and gone once their transactions are', async ({ neighbour, world }) => {
  for (let at = 0; at < 1000; at++)
    assert.equal(
      await neighbour.asks(forge('OPTIONS', { callId: `o-${at}`, fromTag: 'o', toTag: undefined, cseq: 1 })),
      '200',
    );
  await world.passes(seconds(33));
  assert.deepEqual(world.system.size(), { calls: 0, legs: 0, transactions: 0 });
});

play('Max-Forwards 0: 483; malformed: 400; else one less goes on', async ({ stage, neighbour, world }) => {
  const { teams } = stage;
  const invite = (value: string) => firstInvite({ headers: [`Max-Forwards: ${value}`] });
  assert.equal(await neighbour.asks(invite('0')), '100 483');
  for (const value of ['-1', '256', '1e1', '', '99999999999']) assert.equal(await neighbour.asks(invite(value)), '400');
  for (const [value, left] of [
    ['1', '0'],
    ['70', '69'],
    ['255', '254'],
  ] as const) {
    assert.equal(await neighbour.asks(invite(value)), '100');
    await teams.gets('INVITE', { headers: { 'max-forwards': left } });
    await teams.sends(486);
    await world.passes(100);
  }
});

play('Route and Record-Route that lead back to us make no loop', async ({ stage, neighbour, world }) => {
  const { teams } = stage;
  const ours = `<sip:${SBC_ADDRESS}:5060;lr>`;
  assert.equal(
    await neighbour.asks(firstInvite({ headers: [`Route: ${ours}, ${ours}`, `Record-Route: ${ours}`] })),
    '100',
  );
  await teams.gets('INVITE', { headers: { route: null, 'record-route': null } });
  await teams.sends(200);
  await teams.gets('ACK', { within: seconds(40) }).catch(() => undefined);
  await world.passes(seconds(1));
  await teams.sends('BYE');
  await teams.gets(200);
  await world.passes(seconds(70));
  assert.deepEqual(world.system.size(), { calls: 0, legs: 0, transactions: 0 });
});

play(
  'calls that nobody ever answers are limited, refused beyond it with 503, and given up in the end',
  async ({ stage, stranger, neighbour, world }) => {
    for (let at = 0; at < 5; at++) {
      assert.match(await neighbour.asks(firstInvite({ callId: `half-open-${at}` })), /100$/);
      await stage.teams.gets('INVITE');
      await stage.teams.sends(180);
    }
    assert.equal(await stranger.asks(firstInvite()), '100 503');
    assert.equal(world.system.size().calls, 5);
    for (let at = 0; at < 5; at++) await stage.teams.gets('CANCEL', { within: seconds(200) });
    await world.passes(seconds(40));
    assert.equal(world.system.size().calls, 0);
  },
  5,
);

play('a storm of re-INVITEs while one is open: 491 or 500 to each, and the call goes on', async (scene) => {
  const dialog = await talking(scene);
  const { stage, neighbour, world } = scene;
  assert.equal(await neighbour.asks(forge('INVITE', { ...dialog, cseq: 10, body: SDP })), '100');
  for (let at = 11; at < 111; at++) {
    const branch = `z9hG4bKstorm${at}`;
    assert.match(await neighbour.asks(forge('INVITE', { ...dialog, cseq: at, body: SDP, branch })), /^100 (491|500)$/);
    await neighbour.asks(forge('ACK', { ...dialog, cseq: at, branch }));
  }
  await stage.teams.gets('INVITE');
  await stage.teams.sends(488);
  await world.passes(seconds(40));
  assert.equal(world.system.size().calls, 1);
  await teamsHangsUpToForger(scene);
});

/** The forger's Contact is where the call leads now: that is what a target refresh means (RFC 3261 §12.2.2). */
async function teamsHangsUpToForger({ stage, world, stranger }: Scene): Promise<void> {
  await stage.teams.sends('BYE');
  await stage.teams.gets(200);
  await world.passes(100);
  const bye = stranger.heard.find((text) => text.startsWith('BYE '));
  assert.ok(bye !== undefined);
  await stranger.asks(bye.replace(/^.*/, 'SIP/2.0 200 OK'));
}
