/** RFC 4475 against the live process: each message has its one reaction, and none harms it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../integration/local-observe.ts';
import { assertCallWorks, assertUnharmed, raiseLiveStage, TlsPeer } from './live-stage.ts';
import { statusOf } from '../../kit/agent-text.ts';
import type { LiveStage } from './live-stage.ts';
import { torture, tortureCases, type Reaction } from './rfc4475-reactions.ts';

const MAX_GROWTH_MEGABYTES = 80;

/** What an answer is told apart by; of two messages in one text both. A message without it gets none. */
const callIdsOf = (text: string): string[] =>
  [...text.matchAll(/^(?:call-id|i)[ \t]*:[ \t]*(\S+)/gim)].map((match) => match[1]!);

/** Repeated ones once. */
function statusesFor(text: string, heard: readonly string[]): string {
  const callIds = callIdsOf(text);
  const own = heard.filter((each) => callIds.includes(callIdsOf(each)[0] ?? ''));
  return [...new Set(own.map(statusOf))].join(' ');
}

async function refused({ pod }: LiveStage, protocol: 'UDP' | 'TLS'): Promise<Record<string, number>> {
  const count = (reason: string) => pod.metric('sbc_refused_total', { protocol, reason });
  return { counted: await count('malformed'), stray: await count('stray-response') };
}

/** What `reaction` says is heard, and what it counts is counted. */
async function assertReaction(
  stage: LiveStage,
  protocol: 'UDP' | 'TLS',
  reaction: Reaction,
  parts: { readonly act: () => Promise<void>; readonly statuses: () => string },
): Promise<void> {
  const before = await refused(stage, protocol);
  await parts.act();
  const wanted = reaction.replace(/ ?\.$/, '');
  if (/^\d/.test(wanted)) {
    await eventually('the answer', parts.statuses, (seen) => seen.length >= wanted.length);
    assert.equal(parts.statuses(), wanted);
    return;
  }
  assert.equal(parts.statuses(), '');
  const after = await refused(stage, protocol);
  for (const reason of ['counted', 'stray'])
    assert.equal(after[reason]! - before[reason]!, reaction === reason ? 1 : 0, reason);
}

async function overUdp(stage: LiveStage, name: string, reaction: Reaction): Promise<void> {
  const { pbx } = stage;
  const text = torture(name);
  const start = pbx.heard.length;
  await assertReaction(stage, 'UDP', reaction, {
    act: async () => {
      await pbx.send(text);
      assert.equal(await pbx.probe(), 200);
    },
    statuses: () => statusesFor(text, pbx.heard.slice(start)),
  });
}

async function overTls(stage: LiveStage, name: string, reaction: Reaction, from: string): Promise<void> {
  const peer = await TlsPeer.open(stage, from);
  const text = torture(name);
  const isLast = reaction.endsWith('.');
  await assertReaction(stage, 'TLS', reaction, {
    act: async () => {
      peer.send(text);
      // Behind it on the same connection: where the stream can be followed, it is.
      if (!isLast && reaction !== 'waits') assert.equal(await peer.probe(), 200);
    },
    statuses: () => statusesFor(text, peer.messages()),
  });
  if (isLast)
    await eventually(
      'it is closed',
      () => peer.isClosed,
      (isClosed) => isClosed,
    );
  else assert.equal(peer.isClosed, false);
  peer.close();
  assert.equal(await stage.pbx.probe(), 200);
}

test('RFC 4475 at the live process', async (t) => {
  const stage = await raiseLiveStage(t);
  for (const port of [5050, 5070]) await stage.pbx.listen(port);

  await t.test('the table names each of the 49 once', () => {
    assert.equal(new Set(tortureCases.map(({ name }) => name)).size, 49);
    assert.equal(tortureCases.length, 49);
  });

  for (const { section, name, udp, why } of tortureCases) {
    await t.test(`${section} ${name} over UDP: ${udp} (${why})`, () => overUdp(stage, name, udp));
  }

  for (const [at, { section, name, tls, why }] of tortureCases.entries()) {
    const from = stage.block.address(100 + at);
    await t.test(`${section} ${name} over TLS: ${tls} (${why})`, () => overTls(stage, name, tls, from));
  }

  await t.test('after all of them: the same process, no error of ours, no call left, and a call works', async () => {
    await assertCallWorks(stage);
    await assertUnharmed(stage, MAX_GROWTH_MEGABYTES);
  });
});
