import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import { dialogOfUas, type DialogState } from './dialog-state.ts';
import { destination } from './next-hop.ts';
import { aRequest, identity, microsoft } from './testing/world.ts';

const dialog = (remoteTarget: string, ...routeSet: string[]): DialogState => ({
  ...dialogOfUas(aRequest('INVITE'), 'us'),
  remoteTarget,
  routeSet,
});

function way(state: DialogState, protocol = identity.protocol) {
  const to = destination(state, { ...identity, protocol }, undefined);
  assert.equal(to.kind, 'hop');
  return to;
}

const where = ({ protocol, host, port }: Hop) => [protocol, host, port];

describe('the way of a request inside a dialog', () => {
  it('is the remote target where there is no route set', () => {
    const to = way(dialog(microsoft.contact.slice(1, -1)));
    assert.deepEqual(where(to.hop), ['TLS', 'api-du-a-usea.pstnhub.microsoft.com', 443]);
    assert.equal(to.requestUri, microsoft.contact.slice(1, -1), 'verbatim, x-i and x-c included');
    assert.deepEqual(to.routes, []);
    assert.deepEqual([to.hop.listener, to.hop.trunk, to.hop.sentBy], ['teams', 'contoso', 'sbc-0.example.com:5061']);
  });

  it('is the first element of a loose route set', () => {
    const to = way(dialog('sip:bob@10.0.0.1', '<sip:p1.example.com;lr;transport=tcp>', '<sip:p2.example.com>'), 'UDP');
    assert.deepEqual(where(to.hop), ['UDP', 'p1.example.com', undefined]);
    assert.equal(to.requestUri, 'sip:bob@10.0.0.1');
    assert.deepEqual(to.routes, ['<sip:p1.example.com;lr;transport=tcp>', '<sip:p2.example.com>']);
  });

  it('shows a strict router its own URI and names the remote target last', () => {
    const to = way(dialog('sip:bob@10.0.0.1;x=1', '<sip:p1.example.com:5070>', '<sip:p2.example.com;lr>'), 'UDP');
    assert.deepEqual(where(to.hop), ['UDP', 'p1.example.com', 5070]);
    assert.equal(to.requestUri, 'sip:p1.example.com:5070');
    assert.deepEqual(to.routes, ['<sip:p2.example.com;lr>', '<sip:bob@10.0.0.1;x=1>']);
  });

  it('is over the transport of the trunk, whatever the URI asks for; addresses get the default port, names are looked up', () => {
    const cases: readonly (readonly [string, readonly unknown[]])[] = [
      ['sip:a@192.0.2.1', ['UDP', '192.0.2.1', 5060]],
      ['sip:a@192.0.2.1;transport=TLS', ['UDP', '192.0.2.1', 5060]],
      ['sip:a@192.0.2.1:5099;transport=tls', ['UDP', '192.0.2.1', 5099]],
      ['sip:a@[2001:db8::1];transport=tcp', ['UDP', '2001:db8::1', 5060]],
      ['sips:a@192.0.2.1;transport=tcp', ['UDP', '192.0.2.1', 5060]],
      ['sip:a@pbx.example.com;transport=tls', ['UDP', 'pbx.example.com', undefined]],
      ['sip:a@pbx7;maddr=192.0.2.9', ['UDP', 'pbx7', undefined]],
      ['sip:a@192.0.2.1;transport=ws', ['UDP', '192.0.2.1', 5060]],
    ];
    for (const [uri, expected] of cases) assert.deepEqual(where(way(dialog(uri), 'UDP').hop), expected, uri);
  });

  it('never leaves TLS on a trunk over TLS, whatever a Contact or a Record-Route asks for', () => {
    for (const transport of ['udp', 'tcp', 'TCP', 'ws']) {
      const contact = `sip:a@192.0.2.1;transport=${transport}`;
      assert.deepEqual(where(way(dialog(contact)).hop), ['TLS', '192.0.2.1', 5061], contact);
      const route = `<sip:p1.example.com:5060;transport=${transport};lr>`;
      assert.deepEqual(where(way(dialog('sip:a@192.0.2.1', route)).hop), ['TLS', 'p1.example.com', 5060], route);
    }
  });

  it('says where the peer was heard from, which its host must not lead away from', () => {
    const heardFrom = { address: '192.0.2.7', port: 40_000 };
    const to = destination(dialog('sip:a@pbx.example.com', '<sip:p1.example.com;lr>'), identity, heardFrom);
    assert.ok(to.kind === 'hop');
    assert.deepEqual([to.hop.host, to.hop.heardFrom], ['p1.example.com', heardFrom]);
  });

  it('is nowhere for a URI that is not SIP', () => {
    assert.equal(destination(dialog('tel:+4989'), identity, undefined).kind, 'unreachable');
    assert.equal(destination(dialog('sip:a@192.0.2.1', 'nonsense'), identity, undefined).kind, 'unreachable');
    assert.equal(destination(dialog('sip:a@192.0.2.1', '<tel:+4989>'), identity, undefined).kind, 'unreachable');
  });
});
