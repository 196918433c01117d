import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../sip/headers.ts';
import { Request, Response } from '../sip/message.ts';
import { agreedBy, demandedBy, isTooShort, MAX_SECONDS, sessionAnswer } from './session-interval.ts';

const asked = (...pairs: [string, string][]) => new Request('INVITE', 'sip:sbc.example.com', Headers.from(pairs));
const timer: [string, string] = ['Supported', '100rel, Timer'];
const said = (status: number, ...pairs: [string, string][]) => new Response(status, '', Headers.from(pairs));

/** `1800 peer: 1800;refresher=uac +timer` */
function answer(request: Request, running?: Parameters<typeof sessionAnswer>[1]): string {
  const { agreement, headers } = sessionAnswer(request, running);
  const [expires, require] = headers;
  if (agreement === undefined) return headers.length === 0 ? 'none' : 'headers without agreement';
  return `${agreement.seconds} ${agreement.refresher}: ${expires?.[1] ?? ''}${require === undefined ? '' : ` +${require[1]}`}`;
}

describe('our 2xx to a request (RFC 4028 §9, table 2)', () => {
  it('leaves the refreshing to the peer that asked for a timer', () => {
    assert.equal(answer(asked(timer, ['Session-Expires', '1800'])), '1800 peer: 1800;refresher=uac +timer');
  });
  it('takes the role that the peer gives us', () => {
    assert.equal(answer(asked(timer, ['Session-Expires', '90;refresher=uas'])), '90 us: 90;refresher=uas +timer');
    assert.equal(answer(asked(timer, ['Session-Expires', '90;refresher=uac'])), '90 peer: 90;refresher=uac +timer');
  });
  it('refreshes itself where a proxy asked on behalf of a peer that knows no timers', () => {
    assert.equal(answer(asked(['Session-Expires', '600'])), '600 us: 600;refresher=uas');
  });
  it('knows a peer by its Require as well', () => {
    assert.equal(answer(asked(['Require', 'timer'], ['Session-Expires', '600'])), '600 peer: 600;refresher=uac +timer');
  });
  it('agrees on nothing where nobody asks', () => {
    assert.equal(answer(asked(timer)), 'none');
    assert.equal(answer(asked()), 'none');
  });
  it('goes on as before where a later request is silent about it', () => {
    assert.equal(answer(asked(timer), { seconds: 600, refresher: 'us' }), '600 us: 600;refresher=uas +timer');
    assert.equal(
      answer(asked(timer, ['Session-Expires', '700']), { seconds: 600, refresher: 'us' }),
      '700 us: 700;refresher=uas +timer',
    );
  });
  it('ends the timer where a later request comes without and its sender knows none', () => {
    assert.equal(answer(asked(), { seconds: 600, refresher: 'us' }), 'none');
  });
  it('shortens what no clock can wait for', () => {
    assert.equal(
      answer(asked(timer, ['Session-Expires', '4294967295'])),
      `${MAX_SECONDS} peer: ${MAX_SECONDS};refresher=uac +timer`,
    );
  });
});

it('a session below Min-SE is too short for a peer that knows the extension, and no session at all for another', () => {
  assert.equal(isTooShort(asked(timer, ['Session-Expires', '89'])), true);
  assert.equal(isTooShort(asked(timer, ['Session-Expires', '90'])), false);
  assert.equal(isTooShort(asked(['Session-Expires', '30'])), false);
  assert.equal(answer(asked(['Session-Expires', '30'])), 'none');
});

it('a 2xx of the peer says who refreshes; without the parameter we do, without the header nobody does', () => {
  assert.deepEqual(agreedBy(said(200, ['Session-Expires', '1800;refresher=uas'])), {
    seconds: 1800,
    refresher: 'peer',
  });
  assert.deepEqual(agreedBy(said(200, ['Session-Expires', '1800;refresher=uac'])), { seconds: 1800, refresher: 'us' });
  assert.deepEqual(agreedBy(said(200, ['x', '10'])), { seconds: 90, refresher: 'us' });
  assert.equal(agreedBy(said(200)), undefined);
});

it('only a 422 with a Min-SE that a clock can wait for demands anything', () => {
  assert.equal(demandedBy(said(422, ['Min-SE', '3600'])), 3600);
  assert.equal(demandedBy(said(422, ['Min-SE', '4294967295'])), undefined);
  assert.equal(demandedBy(said(422)), undefined);
  assert.equal(demandedBy(said(500, ['Min-SE', '3600'])), undefined);
});
