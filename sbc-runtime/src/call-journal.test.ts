import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallSnapshot, SideSnapshot } from './b2bua/call-snapshot.ts';
import type { FoundCalls } from './b2bua/take-over.ts';
import { keepCallsIn } from './call-journal.ts';
import { journalHead, putLine } from './journal/journal-text.ts';
import { MemoryFile } from './journal/testing/memory-file.ts';
import { silentLog, type Facts } from './kernel/log.ts';
import { VirtualClock } from './kernel/virtual-clock.ts';

const KEY = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const side = (trunk: string): SideSnapshot => ({
  us: { listener: trunk, trunk, sentBy: 'sbc-0.example.com', protocol: 'UDP' },
  leg: {
    ownsCallId: true,
    dialog: {
      ...{ callId: trunk, localTag: 'ours', remoteTag: 'theirs', localParty: '<sip:a@b>', remoteParty: '<sip:c@d>' },
      ...{ localSequence: 1, remoteSequence: undefined, remoteTarget: 'sip:c@192.0.2.1', routeSet: [] },
    },
    ...{ heardFrom: undefined, session: undefined },
  },
  ...{ localSdp: `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`, remoteSdp: '', described: undefined },
  ...{ version: 1, holds: false },
});
const call = (id: string): CallSnapshot => ({
  record: {
    ...{ id, direction: 'teams-to-pbx', fromTrunk: 'teams', toTrunk: 'pbx', caller: '+1', called: '+2', callIds: [] },
    ...{ startedAtMs: 1, answeredAtMs: 2, endedAtMs: undefined, end: undefined },
  },
  media: { session: id, name: `sbc-0:boot:${id}` },
  ...{ caller: side('teams'), callee: side('pbx'), atMs: 3 },
});

function keep(text: string, file = new MemoryFile()) {
  file.text = text;
  const said: [message: string, facts: Facts | undefined][] = [];
  const log = { ...silentLog, error: (message: string, facts?: Facts) => void said.push([message, facts]) };
  const kept = keepCallsIn({ clock: new VirtualClock(), log, file, nextTurn: () => Promise.resolve() });
  return { kept, file, said };
}

const idsOf = ({ calls }: Pick<FoundCalls, 'calls'>) => calls.map(({ record }) => record.id);

describe('The calls that an earlier process has left', () => {
  const two = journalHead() + putLine('a', call('a')) + putLine('b', call('b'));

  it('are handed over once, and stay in the file until another takes its place', () => {
    const { kept, file } = keep(two);
    const found = kept.takeFound();
    assert.deepEqual([idsOf(found), found.doubtful], [['a', 'b'], []]);
    assert.deepEqual([idsOf(kept.takeFound()), file.text], [[], two]);
  });

  it('go on where the line of another one is spoiled, or holds no call of that name; no key is logged', () => {
    for (const damage of [`+c {"localSdp":"${KEY}\n`, putLine('c', { localSdp: KEY }), putLine('c', call('d'))]) {
      const { kept, file, said } = keep(two.replace('+b', `${damage}+b`));
      const found = kept.takeFound();
      assert.deepEqual([idsOf(found), found.doubtful, file.text.length > two.length], [['a', 'b'], [], true]);
      assert.deepEqual([said.length, said[0]?.[1]?.['line'], JSON.stringify(said).includes(KEY)], [1, 3, false]);
    }
  });

  it('end where a line of their own is spoiled', () => {
    const { kept, said } = keep(`${two}+a {\n`);
    const found = kept.takeFound();
    assert.deepEqual([idsOf(found), idsOf({ calls: found.doubtful })], [['b'], ['a']]);
    assert.deepEqual(said[0]?.[1], { lines: 1, line: 4, problem: 'it holds no entry', calls: 1, ended: 1 });
  });

  it('end where the journal is of another version, and are none where it cannot be read', () => {
    const foreign = keep(two.replace('calls 1', 'calls 2'));
    const found = foreign.kept.takeFound();
    assert.deepEqual([idsOf(found), idsOf({ calls: found.doubtful }), foreign.said.length], [[], ['a', 'b'], 1]);
    const unreadable = new MemoryFile();
    unreadable.read = () => {
      throw new Error('Permission denied');
    };
    const { kept, said } = keep(two, unreadable);
    assert.deepEqual([idsOf(kept.takeFound()), said[0]?.[1]], [[], { error: 'Permission denied' }]);
  });

  it('that cannot be told are let go of, although the file cannot be removed', () => {
    const useless = `${journalHead()}+c {\n`;
    assert.equal(keep(useless).file.text, '');
    const stuck = new MemoryFile();
    stuck.remove = () => {
      throw new Error('Read-only file system');
    };
    const { kept, said } = keep(useless, stuck);
    assert.deepEqual([idsOf(kept.takeFound()), said[1]?.[1]], [[], { error: 'Read-only file system' }]);
  });
});
