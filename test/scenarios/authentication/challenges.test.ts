/** A PBX or carrier that asks for a password: 401 or 407, and what we answer (RFC 3261 §22; teams-direct-routing F-35). */
import assert from 'node:assert/strict';
import type { Message } from 'sip';
import { Challenger } from '../../kit/challenger.ts';
import { minutes, scenario, seconds, type Stage } from '../../kit/scenario.ts';
import { oneTrunkEach, twoPbxs } from '../../kit/setups.ts';

const login = { username: 'sbc', password: 'open sesame' };
const logins = { pbx: login };
const withLogin = { ...oneTrunkEach, logins };
const twoWithLogin = { ...twoPbxs, logins };

type Two = Stage<'teams' | 'pbx'>;

const branchOf = ({ headers }: Message) => headers.via[0]?.params['branch'];
const carriesLogin = ({ headers }: Message) =>
  headers['authorization'] !== undefined || headers['proxy-authorization'] !== undefined;

/** Teams' call, asked for a password and answered. */
async function connected({ teams, pbx }: Two, challenger: Challenger): Promise<void> {
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(407, { headers: challenger.asks(407) });
  assert.ok(challenger.takes(await pbx.gets('INVITE')));
  await pbx.sends(200);
  await pbx.gets('ACK');
  await teams.gets(200);
  await teams.sends('ACK');
}

scenario(
  'The PBX asks for a password and takes the call: same call, next CSeq, new branch, and the ACK says it again',
  withLogin,
  async ({ teams, pbx }) => {
    const challenger = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    const first = await pbx.gets('INVITE', { headers: { authorization: null, 'proxy-authorization': null } });
    await pbx.sends(407, { headers: challenger.asks(407) });
    const second = await pbx.gets('INVITE', { to: '+498912345', offer: 'rtp-avp', headers: { authorization: null } });
    assert.ok(challenger.takes(second));
    assert.equal(second.headers['call-id'], first.headers['call-id']);
    assert.equal(second.headers.from.params['tag'], first.headers.from.params['tag']);
    assert.equal(second.headers.cseq.seq, first.headers.cseq.seq + 1);
    assert.notEqual(branchOf(second), branchOf(first));
    assert.equal(second.content, first.content);
    await pbx.sends(180);
    await teams.gets(180);
    await pbx.sends(200);
    const ack = await pbx.gets('ACK');
    assert.equal(ack.headers.cseq.seq, second.headers.cseq.seq);
    assert.deepEqual(ack.headers['proxy-authorization'], second.headers['proxy-authorization']);
    await teams.gets(200);
    await teams.sends('ACK');

    await pbx.sends('BYE');
    await pbx.gets(200);
    await teams.gets('BYE');
    await teams.sends(200);
  },
);

scenario(
  'The PBX asks again for hold and for BYE: each is answered, and the call ends as any other',
  withLogin,
  async (stage) => {
    const { teams, pbx } = stage;
    const challenger = new Challenger('pbx.example.com', login);
    await connected(stage, challenger);

    await teams.sends('INVITE', { direction: 'inactive' });
    await teams.gets(100);
    const asked = await pbx.gets('INVITE', { direction: 'inactive' });
    assert.ok(challenger.takes(asked), 'what the INVITE was asked is answered unasked now');
    await pbx.sends(401, { headers: challenger.asks(401) });
    const reinvite = await pbx.gets('INVITE', { direction: 'inactive' });
    assert.ok(challenger.takes(reinvite));
    assert.equal(reinvite.headers.cseq.seq, asked.headers.cseq.seq + 1);
    await pbx.sends(200, { direction: 'inactive' });
    await pbx.gets('ACK');
    await teams.gets(200);
    await teams.sends('ACK');

    await teams.sends('BYE');
    await teams.gets(200);
    await pbx.gets('BYE');
    await pbx.sends(401, { headers: challenger.asks(401, { isStale: true }) });
    const bye = await pbx.gets('BYE');
    assert.ok(challenger.takes(bye));
    await pbx.sends(200);
  },
);

scenario('The PBX has called, and asks for a password when we hang up', withLogin, async ({ teams, pbx }) => {
  const challenger = new Challenger('pbx.example.com', login);
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  await teams.gets('INVITE');
  await teams.sends(200);
  await teams.gets('ACK');
  await pbx.gets(200);
  await pbx.sends('ACK');

  await teams.sends('BYE');
  await teams.gets(200);
  assert.ok(!carriesLogin(await pbx.gets('BYE')));
  await pbx.sends(407, { headers: challenger.asks(407) });
  assert.ok(challenger.takes(await pbx.gets('BYE')));
  await pbx.sends(200);
});

scenario('Our session refresh is asked for a password as well', withLogin, async (stage) => {
  const { teams, pbx, time } = stage;
  const challenger = new Challenger('pbx.example.com', login);
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(200, { headers: { 'session-expires': '600;refresher=uac', require: 'timer' } });
  await pbx.gets('ACK');
  await teams.gets(200);
  await teams.sends('ACK');

  await time.passes(minutes(4));
  await pbx.gets('INVITE', { within: minutes(2) });
  await pbx.sends(407, { headers: challenger.asks(407) });
  assert.ok(challenger.takes(await pbx.gets('INVITE', { headers: { 'session-expires': '600;refresher=uac' } })));
  await pbx.sends(200, { headers: { 'session-expires': '600;refresher=uac', require: 'timer' } });
  await pbx.gets('ACK');

  await pbx.sends('BYE');
  await pbx.gets(200);
  await teams.gets('BYE');
  await teams.sends(200);
});

scenario('A password that is wrong is said once: the caller gets 500', withLogin, async ({ teams, pbx, records }) => {
  const challenger = new Challenger('pbx.example.com', { ...login, password: 'changed' });
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(407, { headers: challenger.asks(407) });
  assert.ok(!challenger.takes(await pbx.gets('INVITE')));
  // As Asterisk and Kamailio do: another nonce, and no word that the one before was stale.
  await pbx.sends(407, { headers: challenger.asks(407) });
  await teams.gets(500);
  await pbx.getsNothing(seconds(40));
  assert.deepEqual(records[0]?.end, { result: 'callee-error', by: 'callee', reason: 'unauthorized', status: 407 });
});

scenario(
  'A nonce that grew stale is replaced, as long as that goes on for no more than four times',
  withLogin,
  async ({ teams, pbx }) => {
    const challenger = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    for (const isStale of [false, true, true, true]) {
      await pbx.sends(401, { headers: challenger.asks(401, { isStale }) });
      assert.ok(challenger.takes(await pbx.gets('INVITE')));
    }
    await pbx.sends(401, { headers: challenger.asks(401, { isStale: true }) });
    await teams.gets(500);
    await pbx.getsNothing(seconds(40));
  },
);

scenario(
  'A proxy and the server behind it each ask for a password of their own realm',
  withLogin,
  async ({ teams, pbx }) => {
    const proxy = new Challenger('proxy.example.com', login);
    const server = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(407, { headers: proxy.asks(407) });
    assert.ok(proxy.takes(await pbx.gets('INVITE')));
    await pbx.sends(401, { headers: server.asks(401) });
    const invite = await pbx.gets('INVITE');
    assert.ok(proxy.takes(invite) && server.takes(invite));
    await pbx.sends(486);
    await teams.gets(486);
  },
);

scenario('The PBX that asked gets the answer, not the next one', twoWithLogin, async ({ teams, pbxOne, pbxTwo }) => {
  const challenger = new Challenger('pbx.example.com', login);
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbxOne.gets('INVITE');
  await pbxOne.sends(407, { headers: challenger.asks(407) });
  assert.ok(challenger.takes(await pbxOne.gets('INVITE')));
  await pbxOne.sends(503);
  // Another target is another story: it has asked nothing yet.
  assert.ok(!carriesLogin(await pbxTwo.gets('INVITE')));
  await pbxTwo.sends(407, { headers: challenger.asks(407) });
  assert.ok(challenger.takes(await pbxTwo.gets('INVITE')));
  await pbxTwo.sends(486);
  await teams.gets(486);
  await pbxOne.getsNothing();
});

scenario(
  'The PBX that asked dies before it hears the answer: four seconds later the next one is called',
  twoWithLogin,
  async ({ teams, pbxOne, pbxTwo, time, records }) => {
    const challenger = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbxOne.gets('INVITE');
    await pbxOne.sends(100);
    await time.passes(seconds(3));
    await pbxOne.sends(407, { headers: challenger.asks(407) });
    assert.ok(challenger.takes(await pbxOne.gets('INVITE')));
    await time.passes(seconds(3.9));
    await pbxTwo.getsNothing(0);
    await pbxTwo.gets('INVITE', { within: seconds(0.2) });
    await pbxTwo.sends(486);
    await teams.gets(486);
    assert.equal(records[0]?.callIds.length, 3);
  },
);

scenario(
  'The only PBX asks, hears the answer and dies: the caller hears 503 after four seconds',
  withLogin,
  async ({ teams, pbx, time }) => {
    const challenger = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(401, { headers: challenger.asks(401) });
    assert.ok(challenger.takes(await pbx.gets('INVITE')));
    await time.passes(seconds(3.9));
    await teams.gets(503, { within: seconds(0.2) });
  },
);

scenario(
  'A caller who gives up while the question is on its way is let go: no answer',
  withLogin,
  async ({ teams, pbx, network }) => {
    const challenger = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    network.delays(300, 'pbx', 407);
    await pbx.sends(407, { headers: challenger.asks(407) });
    await teams.sends('CANCEL');
    await teams.gets(200, { within: 100 });
    await teams.gets(487);
    await pbx.getsNothing(seconds(40));
  },
);

scenario(
  'A caller who gives up after the answer: the second INVITE is cancelled',
  withLogin,
  async ({ teams, pbx }) => {
    const challenger = new Challenger('pbx.example.com', login);
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(407, { headers: challenger.asks(407) });
    const invite = await pbx.gets('INVITE');
    await teams.sends('CANCEL');
    await teams.gets(200);
    await teams.gets(487);
    await pbx.sends(180);
    const cancel = await pbx.gets('CANCEL');
    assert.equal(cancel.headers.cseq.seq, invite.headers.cseq.seq);
    assert.equal(branchOf(cancel), branchOf(invite));
    await pbx.sends(200);
    await pbx.sends(487);
  },
);

scenario('A question that is lost is asked again', withLogin, async ({ teams, pbx, network }) => {
  const challenger = new Challenger('pbx.example.com', login);
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  network.drops(1, 'pbx', 407);
  await pbx.sends(407, { headers: challenger.asks(407) });
  await pbx.getsAgain('INVITE');
  await pbx.sendsAgain(407);
  assert.ok(challenger.takes(await pbx.gets('INVITE')));
  await pbx.sends(486);
  await teams.gets(486);
});

scenario('The strongest question of several is answered', withLogin, async ({ teams, pbx }) => {
  const algorithms = ['MD5', 'SHA-256', 'SHA-256-sess'];
  const asks = algorithms.map((algorithm) => ({
    scheme: 'Digest',
    realm: '"r"',
    nonce: `"${algorithm}"`,
    qop: '"auth"',
    algorithm,
  }));
  await teams.sends('INVITE', { to: '+498912345' });
  await teams.gets(100);
  await pbx.gets('INVITE');
  await pbx.sends(401, { headers: { 'www-authenticate': asks } });
  await pbx.gets('INVITE', {
    headers: { authorization: /nonce="SHA-256".*response="[0-9a-f]{64}".*algorithm=SHA-256,/ },
  });
  await pbx.sends(486);
  await teams.gets(486);
});

scenario(
  'A trunk without a password answers no question: the caller gets 500',
  oneTrunkEach,
  async ({ teams, pbx }) => {
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(401, { headers: new Challenger('pbx.example.com', login).asks(401) });
    await teams.gets(500);
    await pbx.getsNothing(seconds(40));
  },
);

scenario(
  'A question of another realm than the one of the Secret is not answered',
  { ...oneTrunkEach, logins: { pbx: { ...login, realm: 'carrier' } } },
  async ({ teams, pbx }) => {
    await teams.sends('INVITE', { to: '+498912345' });
    await teams.gets(100);
    await pbx.gets('INVITE');
    await pbx.sends(407, { headers: new Challenger('somebody', login).asks(407) });
    await teams.gets(500);
    await pbx.getsNothing(seconds(40));
  },
);

scenario('Teams never hears a password of ours, whatever it asks', withLogin, async ({ teams, pbx }) => {
  await pbx.sends('INVITE', { to: '+4989111111' });
  await pbx.gets(100);
  assert.ok(!carriesLogin(await teams.gets('INVITE')));
  await teams.sends(407, { headers: new Challenger('teams', login).asks(407) });
  await pbx.gets(500);
  await teams.getsNothing(seconds(40));
});
