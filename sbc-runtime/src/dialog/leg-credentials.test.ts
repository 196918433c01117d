import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import type { Credentials } from '../sip/digest.ts';
import type { Hop } from '../sip/hop.ts';
import type { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import { LegCredentials, type Refused } from './leg-credentials.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { World, aFlow, aRequest, answerSdp } from './testing/world.ts';

const login: Credentials = { username: 'sbc', password: 'open sesame' };
const asks = (nonce: string, more = '', realm = 'pbx') =>
  ['WWW-Authenticate', `Digest realm="${realm}", nonce="${nonce}", qop="auth"${more}`] as const;
const authOf = (request: Request) => request.headers.get('Authorization') ?? '';
const partOf = (value: string, name: string) => new RegExp(`${name}="?([^",]+)`).exec(value)?.[1];

describe('an INVITE that is asked for credentials', () => {
  test('goes once more to the very address and port that the first one went to', () => {
    const world = new World({ credentials: () => login, flow: aFlow({ address: '192.0.2.77', port: 15061 }) });
    world.call();
    world.answer(world.request('INVITE'), 401, { headers: [asks('n1')] });
    assert.equal(world.request('ACK').cseq.number, 1);
    const second = world.request('INVITE');
    assert.equal(second.cseq.number, 2);
    assert.equal(partOf(authOf(second), 'nonce'), 'n1');
    assert.deepEqual(
      world.hops.map(({ host, at }) => ({ host, at })),
      [
        { host: 'sip.pstnhub.microsoft.com', at: undefined },
        { host: 'sip.pstnhub.microsoft.com', at: { address: '192.0.2.77', port: 15061 } },
      ],
    );
    world.answer(second, 486);
    assert.deepEqual(world.sent(), ['ACK']);
    assert.deepEqual(world.user.heard(), ['failure 486']);
    world.nothingIsLeft();
  });

  test('makes the dialog of its second try: the BYE counts on, and carries the nonce for the second time', () => {
    const world = new World({ credentials: () => login });
    const leg = world.call();
    world.answer(world.request('INVITE'), 401, { headers: [asks('n1')] });
    world.request('ACK');
    const second = world.request('INVITE');
    world.answer(second, 200, { headers: [['Contact', '<sip:pbx@192.0.2.7:5061>']], body: answerSdp });
    leg.ack();
    const ack = world.request('ACK');
    assert.equal(authOf(ack), authOf(second));
    leg.bye();
    const bye = world.request('BYE');
    assert.equal(bye.cseq.number, 3);
    assert.equal(partOf(authOf(bye), 'nc'), '00000002');
    assert.equal(partOf(authOf(bye), 'cnonce'), partOf(authOf(second), 'cnonce'));
    world.answer(bye, 200);
    world.nothingIsLeft();
  });

  test('logs in with what the Secret holds at that moment', () => {
    let current: Credentials | undefined = undefined;
    const world = new World({ credentials: () => current });
    world.call();
    const first = world.request('INVITE');
    current = login;
    world.answer(first, 401, { headers: [asks('n1')] });
    world.request('ACK');
    const second = world.request('INVITE');
    assert.equal(partOf(authOf(second), 'username'), 'sbc');
    world.answer(second, 486);
    world.request('ACK');
    world.nothingIsLeft();
  });

  test('that nobody can send any more fails as any other', () => {
    const world = new World({ credentials: () => login });
    world.call();
    const first = world.request('INVITE');
    world.failure = 'connection refused';
    world.answer(first, 401, { headers: [asks('n1')] });
    world.clock.advance(1);
    assert.match(world.user.heard().at(-1) ?? '', /^failure .*connection refused/);
    world.nothingIsLeft();
  });
});

describe('a challenge', () => {
  const hop: Hop = {
    ...{ protocol: 'UDP', host: 'pbx.example.com', listener: 'pbx', trunk: 'contoso', sentBy: '192.0.2.1:5060' },
  };

  function raise(credentials: Credentials | undefined = login) {
    const told: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void told.push(message) };
    const dependencies = { log, random: { token: () => 'cnonce', below: () => 0 }, credentials: () => credentials };
    const leg = new LegCredentials(dependencies as unknown as LegDependencies, 'contoso');
    const refused = (
      sequence: number,
      headers: readonly (readonly [string, string])[],
      more: Partial<Refused> = {},
    ): Refused => {
      const request = aRequest('INVITE', [['CSeq', `${sequence} INVITE`]]);
      const flow = aFlow({ protocol: 'UDP' });
      const response = responseTo(request, 401, { headers });
      return { transaction: { request, flow, cancel: () => undefined }, hop, response, flow, repeated: 0, ...more };
    };
    return { leg, refused, told };
  }

  test('from the address of another trunk is not answered', () => {
    const { leg, refused, told } = raise();
    assert.equal(leg.learn(refused(1, [asks('n')], { flow: aFlow({ trunks: ['fabrikam'] }) })), false);
    assert.match(told.join(), /from outside its trunk/);
    const former = aFlow({ trunks: [], formerTrunks: ['contoso'] });
    assert.equal(leg.learn(refused(1, [asks('n')], { flow: former })), true);
  });

  test('with a nonce that was answered is not answered again, stale or not', () => {
    for (const more of ['', ', stale=true']) {
      const { leg, refused, told } = raise();
      const first = refused(1, [asks('n')]);
      assert.equal(leg.learn(first), true);
      assert.equal(leg.answer(first, 2).length, 1);
      assert.equal(leg.learn(refused(2, [asks('n', more)])), false);
      assert.match(told.join(), /refuses the credentials/);
    }
  });

  test('with another nonce is answered where the one before was stale, and where nobody had asked for it', () => {
    const { leg, refused } = raise();
    const first = refused(1, [asks('n1')]);
    assert.ok(leg.learn(first));
    leg.answer(first, 2);
    assert.ok(leg.learn(refused(2, [asks('n2', ', stale=true')])));
    leg.unasked({ method: 'BYE', uri: 'sip:pbx', sequence: 3 }, hop);
    assert.ok(leg.learn(refused(3, [asks('n3')])));
  });

  test('without any that we know is not answered: Basic, integrity alone, another realm, none at all', () => {
    for (const header of [
      ['WWW-Authenticate', 'Basic realm="pbx"'],
      ['WWW-Authenticate', 'Digest realm="pbx", nonce="n", qop="auth-int"'],
      asks('n', '', 'elsewhere'),
      ['Warning', '399 pbx "no"'],
    ] as const) {
      const { leg, refused, told } = raise({ ...login, realm: 'pbx' });
      assert.equal(leg.learn(refused(1, [header])), false);
      assert.match(told.join(), /in a way that nobody here knows/);
    }
  });

  test('of one next hop is not answered to another', () => {
    const { leg, refused } = raise();
    assert.ok(leg.learn(refused(1, [asks('n')])));
    const request = { method: 'BYE', uri: 'sip:pbx', sequence: 2 };
    assert.equal(leg.unasked(request, { ...hop, host: '198.51.100.1' }).length, 0);
    assert.equal(leg.unasked(request, { ...hop, host: '192.0.2.7' }).length, 1, 'its address is its name as well');
  });
});
