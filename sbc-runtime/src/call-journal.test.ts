import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallSnapshot, SideSnapshot } from './b2bua/call-snapshot.ts';
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

const idsOf = ({ calls }: { readonly calls: readonly CallSnapshot[] }) => calls.map(({ record }) => record.id);

describe('The calls that an earlier process has left', () => {
  const two = journalHead() + putLine('a', call('a')) + putLine('b', call('b'));

  it('are handed over once, and stay in the file until another takes its place', () => {
    const { kept, file } = keep(two);
    const found = kept.takeFound();
    assert.deepEqual([idsOf(found), found.isDamaged], [['a', 'b'], false]);
    assert.deepEqual([idsOf(kept.takeFound()), file.text], [[], two]);
  });

  it('are known to be damaged where a line is none, or holds no call; no key is logged', () => {
    for (const damage of [`+c {"localSdp":"${KEY}\n`, putLine('c', { localSdp: KEY })]) {
      const { kept, file, said } = keep(two + damage);
      const found = kept.takeFound();
      assert.deepEqual([idsOf(found), found.isDamaged, file.text], [['a', 'b'], true, '']);
      assert.deepEqual([said.length, JSON.stringify(said).includes(KEY)], [1, false]);
    }
  });

  it('are none where the journal is of another version, or cannot be read', () => {
    const foreign = keep(two.replace('calls 1', 'calls 2'));
    assert.deepEqual([idsOf(foreign.kept.takeFound()), foreign.file.text, foreign.said.length], [[], '', 1]);
    const unreadable = new MemoryFile();
    unreadable.read = () => {
      throw new Error('Permission denied');
    };
    const { kept, said } = keep(two, unreadable);
    assert.deepEqual([idsOf(kept.takeFound()), said[0]?.[1]], [[], { error: 'Permission denied' }]);
  });

  it('are found and let go of although the file cannot be removed', () => {
    const stuck = () => {
      const file = new MemoryFile();
      file.remove = () => {
        throw new Error('Read-only file system');
      };
      return file;
    };
    const damaged = keep(`${two}+c {\n`, stuck());
    const found = damaged.kept.takeFound();
    assert.deepEqual([idsOf(found), found.isDamaged], [['a', 'b'], true]);
    assert.deepEqual(damaged.said[1]?.[1], { error: 'Read-only file system' });
    const foreign = keep(two.replace('calls 1', 'calls 2'), stuck());
    assert.deepEqual([idsOf(foreign.kept.takeFound()), foreign.said.length], [[], 2]);
  });
});
