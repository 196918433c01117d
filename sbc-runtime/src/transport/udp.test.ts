import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import { Loopback, allowAll, okText, requestText, udpPeer } from './testing/loopback.ts';

const HERE = '127.77.10.1';
const PEER = '127.77.10.9';
const STRANGER = '127.78.0.9';
const rules = {
  listeners: [{ name: 'pbx', protocol: 'UDP' }],
  trunks: [allowAll('office', 'pbx')],
  trustBundles: [],
} as const;

async function started(t: TestContext, peerAddress = PEER) {
  const loopback = new Loopback({ bindAddress: HERE, rules });
  await loopback.layer.start([{ name: 'pbx', protocol: 'UDP', port: 0 }]);
  const peer = await udpPeer(peerAddress);
  t.after(async () => {
    peer.close();
    await loopback.layer.close();
  });
  const port = loopback.portOf('pbx');
  return { loopback, peer, port, sends: (text: string | Buffer) => peer.send(text, port, HERE) };
}

const hopTo = (port: number, host = PEER): Hop => ({
  protocol: 'UDP',
  host,
  port,
  listener: 'pbx',
  trunk: 'office',
  sentBy: `${HERE}:5060`,
});

test('a request gets received and rport, its flow says where it came from, and the answer goes back there', async (t) => {
  const { loopback, peer, sends } = await started(t);
  sends(
    requestText({ via: 'SIP/2.0/UDP pbx.example.com;branch=z9hG4bK1;rport, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0' }),
  );
  const { request, flow } = await loopback.user.requests.next();
  assert.equal(
    request.headers.get('Via'),
    `SIP/2.0/UDP pbx.example.com;branch=z9hG4bK1;rport=${peer.port};received=${PEER}, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0`,
  );
  const { protocol, address, port, listener, trunks, isOpen, isReliable } = flow;
  assert.deepEqual(
    { protocol, address, port, listener, trunks, isOpen, isReliable },
    {
      protocol: 'UDP',
      address: PEER,
      port: peer.port,
      listener: 'pbx',
      trunks: ['office'],
      isOpen: true,
      isReliable: false,
    },
  );
  loopback.layer.respond(flow, { host: 'pbx.example.com', port: undefined, received: PEER }, okText(requestText()));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK\r\n/);
});

test('a hop that says where it is goes there, whatever its name says', async (t) => {
  const { loopback, peer } = await started(t);
  const at = { address: PEER, port: peer.port };
  const result = await loopback.send({ ...hopTo(5060, 'no-such-name.example.com'), at }, requestText());
  assert.equal(result.kind, 'sent');
  assert.match(await peer.inbox.next(), /^OPTIONS /);
});

test('without rport the answer goes to the port of sent-by', async (t) => {
  const { loopback, sends } = await started(t);
  const other = await udpPeer(PEER);
  t.after(() => other.close());
  sends(requestText({ via: `SIP/2.0/UDP ${PEER}:${other.port};branch=z9hG4bK1` }));
  const { request, flow } = await loopback.user.requests.next();
  assert.equal(request.via.params.has('received'), false);
  loopback.layer.respond(flow, request.via, okText(requestText()));
  assert.match(await other.inbox.next(), /^SIP\/2\.0 200 OK/);
});

test('a sent-by port of 0 is no place to answer to, and harms nobody', async (t) => {
  const { loopback, peer, sends } = await started(t);
  loopback.layer.deliverTo({
    onRequest: (request, flow) =>
      loopback.layer.respond(flow, request.via, okText(requestText({ callId: request.callId }))),
    onResponse: () => undefined,
  });
  sends(requestText({ via: `SIP/2.0/UDP ${PEER}:0;branch=z9hG4bK1`, callId: 'first' }));
  sends(requestText({ via: `SIP/2.0/UDP ${PEER};branch=z9hG4bK2;rport`, callId: 'second' }));
  assert.match(await peer.inbox.next(), /Call-ID: second/);
});

test('a malformed request is answered with its status and a malformed ACK is not', async (t) => {
  const { loopback, peer, sends } = await started(t);
  const broken = (method: string) =>
    requestText({ method, via: `SIP/2.0/UDP ${PEER};branch=z9hG4bK1;rport` }).replace('CSeq: 1', 'CSeq: x');
  sends(broken('ACK'));
  sends(broken('OPTIONS'));
  assert.equal(await loopback.refused.next(), 'malformed');
  assert.equal(await loopback.refused.next(), 'malformed');
  const answer = await peer.inbox.next();
  assert.match(answer, /^SIP\/2\.0 400 .*\r\n/);
  assert.match(answer, /CSeq: x OPTIONS\r\n/);
  assert.match(answer, new RegExp(`rport=${peer.port}`));
  assert.equal(loopback.user.requests.size, 0);
});

test('keep-alives are passed over without an answer', async (t) => {
  const { loopback, peer, sends } = await started(t);
  for (const keepAlive of ['\r\n\r\n', '\r\n', '', Buffer.from([0, 1, 0, 0])]) sends(keepAlive);
  sends(requestText());
  await loopback.user.requests.next();
  assert.equal(loopback.refused.size, 0);
  assert.equal(peer.inbox.size, 0);
});

test('a source that is not allowed gets 403, and silence beyond twenty a second', async (t) => {
  const { loopback, peer, sends } = await started(t, STRANGER);
  const via = `SIP/2.0/UDP ${STRANGER};branch=z9hG4bK1;rport`;
  const body = 'x'.repeat(100);
  sends(requestText({ via, method: 'ACK', body }));
  sends(okText(requestText()));
  for (let count = 0; count < 25; count++) sends(requestText({ via, callId: String(count), body }));
  for (let count = 0; count < 27; count++) assert.equal(await loopback.refused.next(), 'source-not-allowed');
  for (let count = 0; count < 18; count++)
    assert.match(await peer.inbox.next(), new RegExp(`^SIP/2.0 403 Forbidden[^]*Call-ID: ${count}\r\n`));
  loopback.clock.advance(1000);
  sends(requestText({ via, callId: 'a second later', body }));
  assert.match(await peer.inbox.next(), /Call-ID: a second later/);
  assert.equal(loopback.user.requests.size, 0);
});

test('a source that is not allowed never gets more octets than it has sent', async (t) => {
  const { loopback, peer, sends } = await started(t, STRANGER);
  const via = `SIP/2.0/UDP ${STRANGER};branch=z9hG4bK1;rport`;
  const answered: string[] = [];
  for (let octets = 0; octets < 18; octets++) {
    const request = requestText({ via, callId: `${octets}`, body: 'x'.repeat(octets * 10) });
    sends(request);
    assert.equal(await loopback.refused.next(), 'source-not-allowed');
    if (loopback.refused.size > 0) {
      assert.equal(await loopback.refused.next(), 'answer-too-long');
      continue;
    }
    const answer = await peer.inbox.next();
    assert.ok(answer.length <= request.length, `${answer.length} octets for ${request.length}`);
    answered.push(answer);
  }
  assert.equal(peer.inbox.size, 0);
  assert.ok(answered.length > 0 && answered.length < 18, `${answered.length} of 18`);
});

test('a request of ours leaves from the listener and the answer comes in on the flow', async (t) => {
  const { loopback, peer, port } = await started(t);
  const sent = await loopback.send(hopTo(peer.port), requestText());
  assert.equal(sent.kind, 'sent');
  const request = await peer.inbox.next();
  peer.send(okText(request), port, HERE);
  const { response, flow } = await loopback.user.responses.next();
  assert.equal(response.status, 200);
  assert.deepEqual(flow.trunks, ['office']);
  assert.deepEqual(loopback.traced, ['out OPTIONS sip:sbc@127.77.0.1 SIP/2.0', 'in SIP/2.0 200 OK']);
});

test('a message that is too large for a datagram, a port 0 and an unknown name fail in plain words', async (t) => {
  const { loopback, peer } = await started(t);
  assert.deepEqual(await loopback.send(hopTo(peer.port), requestText({ body: 'x'.repeat(70_000) })), {
    kind: 'failed',
    reason: `${PEER}: too large for a datagram`,
    isTooLarge: true,
  });
  assert.deepEqual(await loopback.send(hopTo(0), requestText()), {
    kind: 'failed',
    reason: `${PEER}: port 0 cannot be dialled`,
  });
  assert.deepEqual(await loopback.send(hopTo(5060, 'nowhere.example'), requestText()), {
    kind: 'failed',
    reason: 'nowhere.example: the name does not resolve',
  });
});

test('an error thrown above costs one message', async (t) => {
  const { loopback, sends } = await started(t);
  let thrown = 0;
  loopback.layer.deliverTo({
    onRequest: (request, flow) => {
      if (thrown++ === 0) throw new Error('a bug');
      loopback.user.onRequest(request, flow);
    },
    onResponse: () => undefined,
  });
  sends(requestText());
  sends(requestText({ callId: 'second' }));
  const { request } = await loopback.user.requests.next();
  assert.equal(request.callId, 'second');
  assert.equal(await loopback.refused.next(), 'internal-error');
});

test('a port in use is told with address, port and remedy, and nothing stays bound', async (t) => {
  const { loopback, port } = await started(t);
  const second = new Loopback({ bindAddress: HERE, rules });
  t.after(() => second.layer.close());
  const listeners = [
    { name: 'free', protocol: 'UDP', port: 0 },
    { name: 'pbx', protocol: 'UDP', port },
  ] as const;
  await assert.rejects(second.layer.start(listeners), {
    code: 'SBC_LISTEN',
    message: `Cannot listen on ${HERE}:${port} (UDP, listener pbx): the port is in use; stop the process that has it or give the listener another port`,
  });
  assert.deepEqual(second.layer.boundAddresses(), []);
  assert.equal(loopback.layer.boundAddresses().length, 1);
});

test('a probe comes through behind the datagrams that wait, and none of it is taken for a message', async (t) => {
  const { loopback, sends } = await started(t);
  const order: string[] = [];
  loopback.layer.deliverTo({
    onRequest: (request) => void order.push(request.callId),
    onResponse: () => undefined,
  });
  sends(requestText({ callId: 'first' }));
  sends(requestText({ callId: 'second' }));
  // Node defers what the peer sends by a look-up.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => {
    assert.equal(loopback.layer.probeQueues(resolve), true);
  });
  assert.deepEqual([order, loopback.refused.size], [['first', 'second'], 0]);
});

test('without a UDP listener there is no queue to probe', () => {
  const { layer } = new Loopback({ bindAddress: HERE, rules });
  assert.equal(
    layer.probeQueues(() => undefined),
    false,
  );
});

test('what no datagram holds does not leave over a flow that stands', async (t) => {
  const { loopback, peer } = await started(t);
  const long = requestText().replace('\r\n', `\r\nSubject: ${'x'.repeat(65_000)}\r\n`);
  const sent = await loopback.send(hopTo(peer.port), requestText());
  assert.ok(sent.kind === 'sent');
  assert.equal(loopback.layer.sendOn(sent.flow, long), false);
  assert.match(await peer.inbox.next(), /^OPTIONS /);
});
