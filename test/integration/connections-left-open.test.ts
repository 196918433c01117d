/** Microsoft may open a connection for each request and leave it open: TLS sockets of the kernel, five a second for two minutes of virtual time. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { defaultLimits } from '../../sbc-runtime/src/transport/limits.ts';
import { Authority } from '../../sbc-runtime/src/transport/testing/authority.ts';
import { okText, requestText } from '../../sbc-runtime/src/transport/testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from '../../sbc-runtime/src/transport/testing/tls-peers.ts';

const CONNECTIONS = 600;
const BETWEEN_MS = 200;

const authority = new Authority();
after(() => authority.close());
const root = authority.selfSigned('Public Root');
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'] });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });

for (const [what, limits, standing] of [
  ['and those of the last half minute stand afterwards', {}, defaultLimits.crowdedIdleMs / BETWEEN_MS],
  [
    'even where the bound of idle ones is as high as that of all',
    { maxIdlePerAddress: defaultLimits.maxConnectionsPerAddress },
    defaultLimits.maxConnectionsPerAddress,
  ],
] as const) {
  test(`six hundred connections that one peer leaves open are all served, ${what}`, async (t) => {
    const stage = await TlsStage.start(t, { own: [own], roots: [root], limits });
    const { loopback } = stage;
    for (let at = 0; at < CONNECTIONS; at += 1) {
      const peer = await stage.dials(teams);
      const ask = requestText({
        method: 'INVITE',
        via: `SIP/2.0/TLS ${SIP};branch=z9hG4bK${at}`,
        callId: `call-${at}`,
      });
      peer.socket.write(ask);
      const { request, flow } = await loopback.user.requests.next();
      assert.equal(request.callId, `call-${at}`);
      loopback.layer.respond(flow, request.via, okText(ask));
      assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK/);
      loopback.clock.advance(BETWEEN_MS);
    }
    assert.equal(loopback.refused.size, 0, 'nothing was refused');
    for (let closed = 0; closed < CONNECTIONS - standing; closed += 1) await loopback.closed.next();
    assert.equal(loopback.layer.connections, standing);
  });
}
