/** Whatever RFC 3261 §25.1 allows is read, means what it says, and is written again without loss. `FUZZ_SEED=… FUZZ_RUNS=…` for other and more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Message } from '../../sbc-runtime/src/sip/message.ts';
import { parseDatagram, parseHead } from '../../sbc-runtime/src/sip/parse.ts';
import { responseTo } from '../../sbc-runtime/src/sip/response-to.ts';
import { serialize } from '../../sbc-runtime/src/sip/serialize.ts';
import { sipMessage, type MessageFacts } from './grammar.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? 3261);
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 2000);

function accept(text: string): Message {
  const result = parseDatagram(text);
  assert.ok(result.ok, result.ok ? '' : `${result.reason}: ${JSON.stringify(text)}`);
  return result.message;
}

function assertMeans(message: Message, facts: MessageFacts): void {
  assert.ok(
    [...message.headers].some(([, value]) => value === facts.extension),
    facts.extension,
  );
  const { via, from, to } = message;
  assert.deepEqual(
    {
      method: message.isRequest ? message.method : undefined,
      uri: message.isRequest ? message.uri : undefined,
      status: message.isRequest ? undefined : message.status,
      vias: message.headers.list('Via').length,
      top: { protocol: via.protocol, host: via.host, port: via.port, branch: via.branch },
      from: { uri: from.uri, tag: from.tag },
      to: { uri: to.uri, tag: to.tag },
      callId: message.callId,
      cseq: message.cseq,
      contact: message.contact?.uri,
      maxForwards: message.maxForwards,
      body: message.body,
    },
    {
      method: facts.method,
      uri: facts.uri,
      status: facts.status,
      vias: facts.vias,
      top: facts.top,
      from: facts.from,
      to: facts.to,
      callId: facts.callId,
      cseq: facts.cseq,
      contact: facts.contact,
      maxForwards: facts.maxForwards,
      body: facts.body,
    },
  );
}

test(`every message of the grammar is accepted and means what it says (seed ${seed}, ${numRuns} runs)`, () => {
  fc.assert(
    fc.property(sipMessage, (facts) => assertMeans(accept(facts.text), facts)),
    { seed, numRuns },
  );
});

test(`it means the same once we have written it, and then never changes again (seed ${seed})`, () => {
  fc.assert(
    fc.property(sipMessage, (facts) => {
      const written = serialize(accept(facts.text));
      assertMeans(accept(written), facts);
      assert.equal(serialize(accept(written)), written);
    }),
    { seed, numRuns },
  );
});

test(`a stream's reader takes it as well, and the answer to it can be read (seed ${seed})`, () => {
  fc.assert(
    fc.property(sipMessage, (facts) => {
      const message = accept(facts.text);
      const head = serialize(message);
      const result = parseHead(head.slice(0, head.indexOf('\r\n\r\n')), message.body);
      assert.ok(result.ok);
      assertMeans(result.message, facts);
      if (!message.isRequest) return;
      const answer = accept(serialize(responseTo(message, 200, { toTag: 'ours' })));
      assert.equal(answer.to.tag, facts.to.tag ?? 'ours');
      assert.equal(answer.via.branch, facts.top.branch);
    }),
    { seed, numRuns },
  );
});
