import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Authority } from './testing/authority.ts';
import { okText, requestText } from './testing/loopback.ts';
import { SIP, TlsStage } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());
const root = authority.selfSigned('Root', { isAuthority: true });
const stranger = authority.selfSigned('Stranger', { isAuthority: true });
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'] });
const named = { names: [SIP], purposes: 'serverAuth' } as const;
const teams = authority.issue(root, 'teams', named);
const imposter = authority.issue(stranger, 'imposter', named);

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`how a dial over ${maxVersion} began is told: established, their certificate, our certificate, nobody there`, async (t) => {
    const stage = await TlsStage.start(t, { own: [own], roots: [root] });
    const { handshakes } = stage.loopback;
    const good = await stage.serves(teams, { maxVersion });
    void good.accepted.next().then(({ socket }) => socket.write(okText(requestText())));
    await stage.send(good.port, requestText());
    assert.deepEqual(handshakes.splice(0), [{ kind: 'established' }]);

    const bad = await stage.serves(imposter, { maxVersion });
    await stage.send(bad.port, requestText());
    assert.deepEqual(handshakes.splice(0), [{ kind: 'failed', reason: 'untrusted-root' }]);

    const picky = await stage.serves(teams, { maxVersion, ca: stranger.pem, rejectUnauthorized: true });
    await stage.send(picky.port, requestText());
    assert.equal(handshakes.splice(0)[0]?.kind, 'failed');

    picky.close();
    await stage.send(1, requestText());
    assert.deepEqual(handshakes.splice(0), [{ kind: 'not-tried' }]);
  });
}
