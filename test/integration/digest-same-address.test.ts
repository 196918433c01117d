/** A PBX behind a name whose address changes between question and answer: dialogs, transactions and TCP as they are, DNS told by the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DialogLayer } from '../../sbc-runtime/src/dialog/dialog-layer.ts';
import { silentLog } from '../../sbc-runtime/src/kernel/log.ts';
import { noMetrics } from '../../sbc-runtime/src/kernel/metrics.ts';
import { systemRandom } from '../../sbc-runtime/src/kernel/random.ts';
import type { Hop } from '../../sbc-runtime/src/sip/hop.ts';
import { TransactionLayer } from '../../sbc-runtime/src/transaction/transaction-layer.ts';
import { allowAll, Loopback, tcpServer } from '../../sbc-runtime/src/transport/testing/loopback.ts';
import { Challenger } from '../kit/challenger.ts';
import { freeBlock } from '../kit/free-address.ts';
import { read, render } from '../teams-simulator/wire.ts';

const NAME = 'pbx.example.com';
const login = { username: 'sbc', password: 'open sesame' };

for (const [what, closesConnection] of [
  ['over the connection that stands', false],
  ['over a new connection, where the PBX closes the old one', true],
] as const) {
  test(`the answer to a 407 goes to the address that asked, ${what}, although the name leads elsewhere by now`, async (t) => {
    const block = await freeBlock();
    t.after(() => block.release());
    const asking = await tcpServer(block.address(21));
    const other = await tcpServer(block.address(22), asking.port);
    let answer = block.address(21);
    const lookup = {
      addresses: () => Promise.resolve({ records: [answer], ttlSeconds: 30 }),
      srv: () => Promise.resolve({ records: [], ttlSeconds: 0 }),
    };
    const trunk = { ...allowAll('pbx', 'pbx'), allowCIDRs: [block.cidr] };
    const rules = { listeners: [{ name: 'pbx', protocol: 'TCP' as const }], trunks: [trunk], trustBundles: [] };
    const loopback = new Loopback({ bindAddress: block.address(10), rules, lookup });
    await loopback.layer.start([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
    t.after(async () => {
      await loopback.layer.close();
      asking.close();
      other.close();
    });
    const ports = { clock: loopback.clock, random: systemRandom(), log: silentLog, metrics: noMetrics };
    const transactions = new TransactionLayer({ ...ports, transports: loopback.layer });
    const dialogs = new DialogLayer({ ...ports, transactions, credentials: () => login });
    const own = { listener: 'pbx', trunk: 'pbx', sentBy: `${block.address(10)}:5060`, protocol: 'TCP' } as const;
    const hop: Hop = { ...own, host: NAME, port: asking.port };
    const warm = await loopback.send(hop, '\r\n\r\n');
    assert.equal(warm.kind === 'sent' && warm.flow.address, block.address(21));
    let peer = await asking.accepted.next();
    assert.equal(await peer.inbox.next(), '\r\n\r\n');
    loopback.clock.advance(29_900);
    answer = block.address(22);

    const user = { onReinvite: () => undefined, onUpdate: () => undefined, onRequest: () => undefined };
    const identity = { ...own, contact: `<sip:${own.sentBy}>`, headers: [] };
    const [from, to, requestUri] = ['<sip:+4989@sbc>', `<sip:+4930@${NAME}>`, `sip:+4930@${NAME}`];
    dialogs.invite(
      { hop, identity, requestUri, from, to, parts: {} },
      { ...user, onBye: () => undefined, onEnded: () => undefined },
    );
    const first = read(await peer.inbox.next());
    assert.ok(first?.method === 'INVITE');
    // Whoever asks for the name now is told the new address: the INVITE has made the cache look again.
    const control = await loopback.send(hop, '\r\n\r\n');
    assert.equal(control.kind === 'sent' && control.flow.address, block.address(22));
    assert.equal(await (await other.accepted.next()).inbox.next(), '\r\n\r\n');

    const challenger = new Challenger(NAME, login);
    const { via, to: asked, cseq } = first.headers;
    const headers = { via, from: first.headers.from, to: { ...asked, params: { tag: 'pbx' } }, cseq };
    const refusal = { ...headers, 'call-id': first.headers['call-id'], 'content-length': 0, ...challenger.asks(407) };
    const text = render({ status: 407, reason: 'Proxy Authentication Required', headers: refusal });
    peer.socket.write(text);
    if (closesConnection) {
      await peer.inbox.next();
      peer.socket.destroy();
      await loopback.closed.next();
      // RFC 3261 §17.1.1.2: what was under way is lost with it, and repeated.
      loopback.clock.advance(500);
      peer = await asking.accepted.next();
    }
    let got = await peer.inbox.next();
    while (!got.includes('INVITE sip:')) got += await peer.inbox.next();
    const second = read(got.slice(got.indexOf('INVITE sip:')));
    assert.ok(second !== undefined && challenger.takes(second));
    assert.equal(other.accepted.size, 0);
  });
}
